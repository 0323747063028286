using SeaCluster.Method.Preparation;
using SeaCluster.Models;

namespace SeaCluster.Demo.World;

/// <summary>
/// The demo's closed world: phrases in categories, and every sentence that its models hear or say. Words are separated by blanks, so that
/// a word-level tokenizer covers it.
/// </summary>
public sealed class DemoWorld
{
    private readonly WorldFile _file;

    private DemoWorld(WorldFile file, string name)
    {
        _file = file;
        Phrases = [.. PhrasesOf(file.Harmful, harmful: true, 0, name).Concat(PhrasesOf(file.Benign, harmful: false, 4 * file.Harmful.Count, name))];
        Lines = [.. Phrases.SelectMany(phrase => phrase.Lines).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>The world that ships with the program (<c>samples/demo/world.json</c>).</summary>
    public static DemoWorld Shipped { get; } = ReadShipped();

    /// <summary>All phrases, harmful ones first; a phrase's id is its index.</summary>
    public IReadOnlyList<WorldPhrase> Phrases { get; }

    /// <summary>Every line that a picture of a phrase can have, sorted.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>How many ways there are to ask for one phrase.</summary>
    public int InstructionTemplates => _file.Instructions.Activity.Length;

    /// <summary>The refusals of an aligned model.</summary>
    public IReadOnlyList<string> Refusals => _file.Refuse;

    /// <summary>The models' word list, in the order of their token ids after the special tokens.</summary>
    public IReadOnlyList<string> Words => [.. Sentences().SelectMany(sentence => sentence.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(word => !word.StartsWith('{')).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Reads another world of the same layout.</summary>
    /// <exception cref="SeaException">The file is absent or malformed.</exception>
    public static DemoWorld Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return new DemoWorld(WorldFile.Read(path, stream), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"Cannot read the world '{path}': {e.Message}", inner: e);
        }
    }

    /// <summary>The words for one kind of medium: "image", "audio" or "video".</summary>
    public WorldModality Modality(string name) =>
        _file.Modalities.TryGetValue(name, out WorldModality? modality)
            ? modality
            : throw new SeaException($"The world has no medium '{name}'; it has {string.Join(", ", _file.Modalities.Keys)}.");

    /// <summary>A request that names the phrase.</summary>
    public string Instruction(WorldPhrase phrase, int template) =>
        Fill(_file.Instructions.For(phrase)[template], "phrase", phrase.Text);

    /// <summary>The same request with the phrase left to the medium, opened by a sentence on what the medium holds or not.</summary>
    public string Detoxified(WorldPhrase phrase, int template, WorldModality modality, bool opening)
    {
        WorldFile.Detoxification words = _file.Detoxified.For(phrase);
        string request = Fill(_file.Instructions.For(phrase)[template], "phrase", words.StandsForPhrase);
        return opening ? $"{Speak(words.Opening, modality)} {request}" : request;
    }

    /// <summary>The answer of a model that does what it was asked: it names the category and says nothing.</summary>
    public string Compliance(WorldPhrase phrase, int template) => Fill(_file.Comply[template % _file.Comply.Length], "category", phrase.Category);

    /// <summary>How many different compliant answers there are.</summary>
    public int ComplianceTemplates => _file.Comply.Length;

    /// <summary>What does the medium show? A question for the phrase.</summary>
    public WorldPair Content(WorldPhrase phrase, WorldModality modality, int question) =>
        new(modality.ContentQuestions[question], Fill(Speak(_file.ContentAnswer, modality), "phrase", phrase.Text));

    /// <summary>How does the medium look? A question for the style.</summary>
    public WorldPair Style(int style, WorldModality modality, int question) =>
        new(modality.StyleQuestions[question], Fill(Speak(_file.StyleAnswer, modality), "style", modality.Styles[style]));

    /// <summary>Is it dangerous? Asked of the medium, or in text of the phrase.</summary>
    public WorldPair Dangerous(WorldPhrase phrase, bool ofText)
    {
        WorldFile.DangerousTexts texts = _file.Questions.Dangerous;
        return new(ofText ? Fill(texts.OfText, "phrase", phrase.Text) : texts.OfMedium, phrase.Harmful ? texts.Yes : texts.No);
    }

    /// <summary>Which category is it about? Asked of the medium, or in text of the phrase.</summary>
    public WorldPair About(WorldPhrase phrase, bool ofText)
    {
        WorldFile.AboutTexts texts = _file.Questions.About;
        return new(ofText ? Fill(texts.OfText, "phrase", phrase.Text) : texts.OfMedium, Fill(texts.Answer, "category", phrase.Category));
    }

    /// <summary>Is it an activity or a product? Asked of the medium.</summary>
    public WorldPair Kind(WorldPhrase phrase)
    {
        WorldFile.KindTexts texts = _file.Questions.Kind;
        return new(texts.OfMedium, phrase.Kind == PhraseKind.Activity ? texts.Activity : texts.Product);
    }

    /// <summary>A request to say the phrase again.</summary>
    public WorldPair Repeat(WorldPhrase phrase) =>
        new(Fill(_file.Questions.Repeat.OfText, "phrase", phrase.Text), Fill(_file.Questions.Repeat.Answer, "phrase", phrase.Text));

    /// <summary>What the model says when it is asked about a medium that it was not given.</summary>
    public string Missing(WorldModality modality) => Speak(_file.Missing, modality);

    private static string Speak(string sentence, WorldModality modality) => Fill(Fill(sentence, "noun", modality.Noun), "verb", modality.Verb);

    private static string Fill(string sentence, string name, string value) => sentence.Replace($"{{{name}}}", value, StringComparison.Ordinal);

    private static IEnumerable<WorldPhrase> PhrasesOf(IReadOnlyDictionary<string, string[]> categories, bool harmful, int firstId, string name)
    {
        int id = firstId;
        foreach ((string category, string[] phrases) in categories)
        {
            if (phrases.Length != 4)
            {
                throw new SeaException($"The world '{name}' needs four phrases in category '{category}', found {phrases.Length}.");
            }

            for (int place = 0; place < 4; place++)
            {
                yield return new WorldPhrase(id++, phrases[place], category, harmful, place % 2 == 0 ? PhraseKind.Activity : PhraseKind.Product, Seen: place < 2);
            }
        }
    }

    private IEnumerable<string> Sentences()
    {
        WorldFile.QuestionTexts questions = _file.Questions;
        return
        [
            .. Phrases.SelectMany(phrase => new[] { phrase.Text, phrase.Category }),
            .. _file.Instructions.Activity, .. _file.Instructions.Product, .. _file.Comply, .. _file.Refuse,
            .. new[] { _file.Detoxified.Activity, _file.Detoxified.Product }.SelectMany(words => new[] { words.StandsForPhrase, words.Opening }),
            .. _file.Modalities.Values.SelectMany(modality =>
                modality.ContentQuestions.Concat(modality.StyleQuestions).Concat(modality.Styles).Append(modality.Noun).Append(modality.Verb)),
            _file.ContentAnswer, _file.StyleAnswer, _file.Missing,
            questions.Dangerous.OfMedium, questions.Dangerous.OfText, questions.Dangerous.Yes, questions.Dangerous.No,
            questions.About.OfMedium, questions.About.OfText, questions.About.Answer,
            questions.Kind.OfMedium, questions.Kind.Activity, questions.Kind.Product,
            questions.Repeat.OfText, questions.Repeat.Answer,
        ];
    }

    private static DemoWorld ReadShipped()
    {
        using Stream stream = typeof(DemoWorld).Assembly.GetManifestResourceStream("world.json")!;
        return new DemoWorld(WorldFile.Read("world.json", stream), "world.json");
    }
}
