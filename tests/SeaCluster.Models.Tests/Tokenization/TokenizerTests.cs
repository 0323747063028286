using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SeaCluster.Models.Tokenization;
using SeaCluster.Tests;

namespace SeaCluster.Models.Tests.Tokenization;

public sealed class TokenizerTests : IDisposable
{
    private const int Megabyte = 1 << 20;
    private static readonly Tokenizer Llama = Tokenizer.Load(Repository.Fixture("llava", "model"));
    private static readonly Tokenizer Qwen = Tokenizer.Load(Repository.Fixture("qwen2-vl", "model"));
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void KnowsItsTokens()
    {
        Llama.TokenId("<image>").ShouldBe(638);
        Llama.TokenId("▁the").ShouldNotBeNull();
        Llama.TokenId("no such token").ShouldBeNull();
        Llama.TokenText(638).ShouldBe("<image>");
        Llama.IsSpecial(638).ShouldBeTrue();
        Should.Throw<SeaException>(() => Llama.TokenText(9999)).Message.ShouldEndWith("tokenizer.json: there is no token with the id 9999.");
        Llama.Decode([-1, 9999, 638], skipSpecial: false).ShouldBe("<image>");
    }

    [Fact]
    public void WordsOutsideAClosedVocabularyAreTheUnknownToken()
    {
        Tokenizer words = Tokenizer.Load(Repository.PathOf("tests", "fixtures", "tokenizers", "word-level"));
        words.VocabularySize.ShouldBe(207);
        words.Encode("<user> what is zyzzy ?").ShouldBe([3, words.TokenId("what")!.Value, words.TokenId("is")!.Value, 6, words.TokenId("?")!.Value]);
        words.Decode([3, words.TokenId("what")!.Value, 6], skipSpecial: true).ShouldBe("what");
    }

    [Theory]
    [InlineData("a</s>b<image>", 1, 12, "a</s>b<image>")]
    [InlineData("<image><image>", 7, 7, "<image>")]
    [InlineData("<image>", 0, 3, "<image>")] // a token that only begins in the literal
    [InlineData("<image>", 4, 3, "<image>")]
    public void FindsNoTokenInALiteralStretch(string text, int start, int length, string plain)
    {
        int[] ids = Llama.Encode(text, [(start, length)], addSpecial: false);
        int tokensOutside = text == "<image><image>" ? 1 : 0;
        ids.Count(id => id == 638).ShouldBe(tokensOutside);
        ids.ShouldNotContain(2);
        Llama.Decode(ids[tokensOutside..], skipSpecial: true).ShouldContain(plain);
    }

    [Fact]
    public void ALiteralStretchHoldsForTokensThatAreFoundAfterNormalisation()
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(Repository.Fixture("qwen2-vl", "model", "tokenizer.json")))!;
        foreach (JsonNode? token in json["added_tokens"]!.AsArray())
        {
            token!["normalized"] = true;
        }

        Tokenizer tokenizer = Tokenizer.Load(_folder.Write("tokenizer.json", json.ToJsonString()));
        const string text = "<|im_start|>e\u0301e\u0301<|im_end|><|im_end|>";
        tokenizer.Encode(text).Count(id => id == 635).ShouldBe(2);
        tokenizer.Encode(text, [(12, 14)]).Count(id => id == 635).ShouldBe(1);
        tokenizer.Encode(text, [(12, 24)]).Count(id => id == 635).ShouldBe(0);
        tokenizer.Encode(text, [(12, 24)]).Count(id => id == 634).ShouldBe(1);
    }

    [Property(MaxTest = 200)]
    public Property LiteralStretchesChangeNothingInTextWithoutTokens(NonNull<string> text, PositiveInt start)
    {
        string clean = text.Get.Replace('<', '(');
        int at = Math.Min(start.Get, clean.Length);
        return (Llama.Encode(clean, [(at, clean.Length - at)]).SequenceEqual(Llama.Encode(clean))
            && Qwen.Encode(clean, [(0, at)]).SequenceEqual(Qwen.Encode(clean))).ToProperty();
    }

    [Property(MaxTest = 500)]
    public Property AnyTextEncodesAndByteLevelDecodesToItsNormalForm(NonNull<string> text)
    {
        string wellFormed = Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(text.Get));
        string normal = string.Join('\uFFFE', wellFormed.Split('\uFFFE').Select(part => part.Normalize()));
        return (Qwen.Decode(Qwen.Encode(text.Get), skipSpecial: false) == normal).ToProperty();
    }

    [Fact]
    public void HalfSurrogatePairsCountAsTheReplacementCharacter()
    {
        Qwen.Encode("a\ud800b\udc00").ShouldBe(Qwen.Encode("a\ufffdb\ufffd"));
        Llama.Encode("\ud83d").ShouldBe(Llama.Encode("\ufffd"));
    }

    [Fact]
    public void LongRunsOfMarksOutOfOrderAreNormalised()
    {
        // Classes 230, 220, 1, 240, two that decompose into several (U+0344; U+0F73 of class 0), and a mark that stays put (U+0903).
        string[] marks = ["\u0301", "\u0323", "\u0334", "\u0345", "\u0344", "\u0F73", "\u0327", "\u0903", "\U0001D165"];
        Random random = new(5);
        string text = "xe" + string.Concat(Enumerable.Range(0, 500).Select(_ => marks[random.Next(random.Next(2) == 0 ? 4 : marks.Length)])) + "y";
        Qwen.Decode(Qwen.Encode(text), skipSpecial: false).ShouldBe(text.Normalize());
    }

    public static TheoryData<string, string> LongTexts
    {
        get
        {
            Random random = new(1);
            string letters = string.Create(Megabyte, random, static (text, source) =>
            {
                for (int i = 0; i < text.Length; i++)
                {
                    text[i] = (char)('a' + source.Next(26));
                }
            });
            return new()
            {
                { "one letter", new string('a', Megabyte) },
                { "one random word", letters },
                { "prose", string.Concat(Enumerable.Repeat("The image shows a person who wants to bake bread, isn't it? ", Megabyte / 60)) },
                { "blanks", new string(' ', Megabyte) + "x" },
                { "blank lines", string.Concat(Enumerable.Repeat("\n ", Megabyte / 2)) + "x" },
                { "digits", new string('7', Megabyte) },
                { "punctuation", string.Concat(Enumerable.Repeat(" '", Megabyte / 2)) },
                { "letters beyond the basic plane", string.Concat(Enumerable.Repeat("\U0001D400", Megabyte / 4)) },
                { "marks out of order", "e" + string.Concat(Enumerable.Repeat("\u0301\u0323", Megabyte / 4)) },
                { "special tokens", string.Concat(Enumerable.Repeat("<image><|im_end|>", Megabyte / 17)) },
                { "almost special tokens", new string('<', Megabyte) },
            };
        }
    }

    // Half a second is enough for each; anything quadratic takes many minutes. Processor time, as the machine may be busy with other work.
    [Theory]
    [MemberData(nameof(LongTexts), DisableDiscoveryEnumeration = true)]
    public void AMegabyteTakesLinearTime(string what, string text)
    {
        foreach (Tokenizer tokenizer in (Tokenizer[])[Llama, Qwen])
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            int[] ids = tokenizer.Encode(text);
            tokenizer.Decode(ids, skipSpecial: false).Length.ShouldBeGreaterThan(0);
            (Environment.CpuUsage.TotalTime - before).ShouldBeLessThan(TimeSpan.FromSeconds(60), what);
        }
    }

    [Theory]
    [InlineData("normalizer", """{"type":"BertNormalizer"}""", "normalizer.type is 'BertNormalizer', normalizers read are")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Precompiled"}]}""", "normalizer.normalizers[1].type is 'Precompiled'")]
    [InlineData("pre_tokenizer", """{"type":"UnicodeScripts"}""", "pre_tokenizer.type is 'UnicodeScripts', pre-tokenizers read are")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated"}""", "pre_tokenizer.pattern cannot be used")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"[\ud835\udc00-\ud835\udc33]"},"behavior":"Isolated"}""", "pre_tokenizer.pattern names characters beyond U+FFFF")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Glob":"*"},"behavior":"Isolated"}""", "pre_tokenizer.pattern must be {\"String\": …} or {\"Regex\": …}")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"String":" "},"behavior":"Kept"}""", "pre_tokenizer.behavior is 'Kept', known are Removed, Isolated")]
    [InlineData("model.type", "\"Unigram\"", "model.type is 'Unigram', models read are BPE and WordLevel")]
    [InlineData("model.dropout", "0.1", "model.dropout makes tokens random")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "model.end_of_word_suffix is '</w>', which is not supported")]
    [InlineData("model.unk_token", "\"<none>\"", "model.unk_token is '<none>', which the vocabulary lacks")]
    [InlineData("model.merges", """[["h","zz"]]""", "model.merges[0] joins 'h' and 'zz', but model.vocab lacks one of them")]
    [InlineData("model.merges", """["a b c"]""", "model.merges[0] must be two tokens, found \"a b c\"")]
    [InlineData("model.vocab", """{"a":0,"b":0}""", "model.vocab.'b' repeats a token or the id 0")]
    [InlineData("model.vocab", """{"a":-1}""", "model.vocab.'a' must have a whole number from 0 on as its id")]
    [InlineData("model", "null", "model is missing")]
    [InlineData("post_processor", """{"type":"RobertaProcessing"}""", "post_processor.type is 'RobertaProcessing', post-processors read are")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],"special_tokens":{}}""", "post_processor.single names the token '<s>', which special_tokens lacks")]
    [InlineData("decoder", """{"type":"WordPiece"}""", "decoder.type is 'WordPiece', decoders read are")]
    [InlineData("decoder", """{"type":"Strip","content":"ab"}""", "decoder.content must be one character")]
    [InlineData("added_tokens", """[{"id":5,"content":"<new>"}]""", "added_tokens[0].id of '<new>' is 5, which is the id of '<0x02>'")]
    [InlineData("added_tokens", """[{"id":900,"content":"<s>"}]""", "added_tokens[0].id of '<s>' is 900, in model.vocab it is 1")]
    [InlineData("added_tokens", """[{"id":700,"content":"<x>"},{"id":701,"content":"<x>"}]""", "added_tokens[1].content '<x>' is added twice")]
    public void NamesFileAndComponent(string key, string value, string reason)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(Repository.Fixture("llava", "model", "tokenizer.json")))!;
        string[] keys = key.Split('.');
        keys[..^1].Aggregate(json, (node, part) => node[part]!)[keys[^1]] = JsonNode.Parse(value);
        string path = _folder.Write("tokenizer.json", json.ToJsonString());
        string message = Should.Throw<SeaException>(() => Tokenizer.Load(_folder.Path)).Message;
        message.ShouldStartWith($"{path}: {reason}");
    }

    [Fact]
    public void SaysHowToGetAMissingFile()
    {
        Should.Throw<SeaException>(() => Tokenizer.Load(_folder.Path)).Message.ShouldBe($"{_folder.File("tokenizer.json")}: there is no such file.");
        _folder.Write("tokenizer.model", "x");
        SeaException error = Should.Throw<SeaException>(() => Tokenizer.Load(_folder.Path));
        error.Message.ShouldBe($"{_folder.Path}: has tokenizer.model but no tokenizer.json.");
        error.Hint.ShouldNotBeNull().ShouldContain("save_pretrained");
    }

    [Property(MaxTest = 150)]
    public Property AnyDamageIsRefusedWithASeaExceptionOrReads(int seed)
    {
        Random random = new(seed);
        byte[] bytes = File.ReadAllBytes(Repository.Fixture(random.Next(2) == 0 ? "llava" : "qwen2-vl", "model", "tokenizer.json"));
        for (int flips = random.Next(1, 5); flips > 0; flips--)
        {
            // Mostly in the components, which stand in front and behind of the long vocabulary.
            int place = random.Next(3) switch { 0 => random.Next(bytes.Length), 1 => random.Next(2500), _ => bytes.Length - 1 - random.Next(2500) };
            bytes[place] = (byte)random.Next(32, 127);
        }

        string path = _folder.File("tokenizer.json");
        File.WriteAllBytes(path, bytes);
        try
        {
            Tokenizer tokenizer = Tokenizer.Load(path);
            return (tokenizer.Decode(tokenizer.Encode("Hello, it's <image> 東京!"), skipSpecial: true) is not null).ToProperty();
        }
        catch (SeaException error)
        {
            return error.Message.StartsWith(path, StringComparison.Ordinal).ToProperty();
        }
    }
}
