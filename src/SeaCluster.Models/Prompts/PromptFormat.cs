using SeaCluster.Models.Configuration;
using SeaCluster.Models.Tokenization;

namespace SeaCluster.Models.Prompts;

/// <summary>
/// Turns questions, answers and media into the tokens that a model was trained on.
/// <para>
/// What people say (questions, answers, system texts) is plain text whatever it holds: <c>&lt;image&gt;</c> or <c>&lt;/s&gt;</c> in it is
/// tokenized as characters and becomes neither a media placeholder nor an end. Where it holds no such token, the ids are those of tokenizing the whole
/// rendered text. So every placeholder id in <see cref="EncodedPrompt.Ids"/> is a media token.
/// </para>
/// </summary>
public sealed class PromptFormat
{
    private static readonly string[] WordTokens = ["<bos>", "<eos>", "<user>", "<assistant>", "<media>"];

    private readonly ModelConfig _config;
    private readonly string _folder;
    private readonly Tokenizer _tokenizer;
    private readonly PromptTemplate _template;
    private readonly Dictionary<Modality, (string Text, int Id)> _placeholders;
    private readonly Modality _first;
    private readonly int _answerEndId;

    private PromptFormat(ModelConfig config, Tokenizer tokenizer, PromptTemplate template, string folder)
    {
        _config = config;
        _folder = folder;
        _tokenizer = tokenizer;
        _template = template;
        _first = config.Modalities[0];
        _placeholders = Placeholders(config, tokenizer, template);
        _answerEndId = TokenOf(tokenizer, template.AnswerEnd);
        int[] ends = GenerationEnds(folder) is { Length: > 0 } stated ? stated : config.Text.EosTokenIds;
        StopTokens = [.. ends.Prepend(_answerEndId).Distinct()];
    }

    /// <summary>The token that ends an answer.</summary>
    public string AnswerEnd => _template.AnswerEnd;

    /// <summary>The id of <see cref="AnswerEnd"/>.</summary>
    public int AnswerEndId => _answerEndId;

    /// <summary>Ids that end generation: the answer's end first, then those of <c>generation_config.json</c>, or else of <c>config.json</c>.</summary>
    public int[] StopTokens { get; }

    /// <summary>The format of a checkpoint: its <c>prompt_format.json</c>, the small world's where the tokenizer has its tokens, or the family's.</summary>
    /// <param name="config">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="folder">Its folder.</param>
    /// <returns>The format. Throws <see cref="SeaException"/> where the chat template in the folder is another one, or a token is missing.</returns>
    public static PromptFormat For(ModelConfig config, Tokenizer tokenizer, string folder)
    {
        string own = Path.Combine(folder, PromptTemplate.FileName);
        if (File.Exists(own))
        {
            return new PromptFormat(config, tokenizer, PromptTemplate.Read(own), folder);
        }

        if (WordTokens.All(token => tokenizer.TokenId(token) is not null))
        {
            return new PromptFormat(config, tokenizer, PromptTemplate.Words, folder);
        }

        CheckChatTemplate(config, folder);
        return new PromptFormat(config, tokenizer, PromptTemplate.Of(config.Family), folder);
    }

    /// <summary>The same model's tokens in another template.</summary>
    /// <param name="template">Its end of an answer must be one token of the tokenizer.</param>
    public PromptFormat With(PromptTemplate template) => new(_config, _tokenizer, template, _folder);

    /// <summary>The placeholder id of a modality. Throws <see cref="SeaException"/> where the model does not take it.</summary>
    public int MediaTokenId(Modality modality) => Placeholder(modality).Id;

    /// <summary>Ids in front of the first media token in every prompt on such a medium without a system text of its own: the same for all questions.</summary>
    public int[] PrefixBeforeMedia(MediaLayout media)
    {
        EncodedPrompt prompt = Encode("", media: media);
        return prompt.Ids[..prompt.MediaSpans[0].Start];
    }

    /// <summary>The text of one turn, each of its media tokens a placeholder.</summary>
    public string Render(ChatTurn turn, MediaLayout media) => Write([turn], media).ToString();

    /// <summary>One question, with its answer where it has one.</summary>
    /// <param name="question">What the user says.</param>
    /// <param name="answer">What the model says, or null; it and its end token are the labels.</param>
    /// <param name="media">The medium in front of the question, or null.</param>
    /// <param name="system">Instructions, or null for the family's own.</param>
    public EncodedPrompt Encode(string question, string? answer = null, MediaLayout? media = null, string? system = null) =>
        Encode([new ChatTurn(question, answer, system)], media ?? MediaLayout.None);

    /// <summary>A conversation; the medium belongs to the first turn, and the last turn's answer carries the labels.</summary>
    /// <param name="turns">The turns; all but the last have answers.</param>
    /// <param name="media">The medium.</param>
    /// <returns>
    /// The tokens; those of the prompt are the same with and without the answer. Throws <see cref="SeaException"/> where the tokenizer would join
    /// the prompt's end with the answer's beginning.
    /// </returns>
    public EncodedPrompt Encode(IReadOnlyList<ChatTurn> turns, MediaLayout media)
    {
        (string text, int[] prompt) = EncodeText([.. turns.SkipLast(1), turns[^1] with { Answer = null }], media);
        int[] ids = prompt;
        if (turns[^1].Answer is string answer)
        {
            (text, ids) = EncodeText(turns, media);
            if (!ids.AsSpan().StartsWith(prompt))
            {
                throw new SeaException(
                    $"The answer '{Shorten(answer)}' does not stand apart: its beginning and the prompt's end become one token.", "Begin the answer with a letter or digit, without blanks or line ends.");
            }
        }

        int[] labels = new int[ids.Length];
        labels.AsSpan(0, prompt.Length).Fill(EncodedPrompt.NoLabel);
        ids.AsSpan(prompt.Length).CopyTo(labels.AsSpan(prompt.Length));
        return new EncodedPrompt
        {
            Text = text,
            Ids = ids,
            Labels = labels,
            PromptLength = prompt.Length,
            MediaSpans = media.Parts.Count == 0 ? [] : Spans(ids, Placeholder(media.Modality ?? _first).Id),
            Layout = media,
        };
    }

    private (string Text, int[] Ids) EncodeText(IReadOnlyList<ChatTurn> turns, MediaLayout media)
    {
        PromptText written = Write(turns, media);
        string text = written.ToString();
        return (text, _tokenizer.Encode(text, written.Literal));
    }

    private PromptText Write(IReadOnlyList<ChatTurn> turns, MediaLayout media)
    {
        PromptText text = new();
        for (int i = 0; i < turns.Count; i++)
        {
            ChatTurn turn = turns[i];
            bool first = i == 0;
            if (first && turn.System is not null && !_template.Prompt.Contains("{system}", StringComparison.Ordinal))
            {
                throw new SeaException("This model's prompt format has no place for a system text.", "Leave the system text out, or put it into the question.");
            }

            text.Append(
                _template.Prompt,
                ("{system}", () => WriteSystem(text, turn.System, first)),
                ("{media}", () => WriteMedia(text, first ? media : MediaLayout.None)),
                ("{question}", () => text.AppendLiteral(turn.Question)));

            if (turn.Answer is string answer)
            {
                text.Append(_template.Answer, ("{answer}", () => text.AppendLiteral(answer)));
                text.Append(_template.AnswerEnd);
            }
            else if (i < turns.Count - 1)
            {
                throw new ArgumentException($"Turn {i + 1} of {turns.Count} has no answer.", nameof(turns));
            }

            if (i < turns.Count - 1)
            {
                text.Append(_template.BetweenTurns);
            }
        }

        return text;
    }

    private void WriteSystem(PromptText text, string? system, bool first)
    {
        if (first && (system ?? _template.DefaultSystem) is string words)
        {
            text.Append(_template.System, ("{system}", () => text.AppendLiteral(words)));
        }
    }

    private void WriteMedia(PromptText text, MediaLayout media)
    {
        if (media.Parts.Count == 0)
        {
            return;
        }

        string token = Placeholder(media.Modality ?? _first).Text;
        text.Append(_template.Media, ("{tokens}", () =>
        {
            foreach ((string label, int tokens) in media.Parts)
            {
                text.Append(label);
                text.Append(string.Join(_template.TokenSeparator, Enumerable.Repeat(token, tokens)));
            }
        }));
    }

    private (string Text, int Id) Placeholder(Modality modality) => _placeholders.TryGetValue(modality, out (string, int) placeholder)
        ? placeholder
        : throw new SeaException($"{_tokenizer.File}: this model takes {string.Join(" and ", _placeholders.Keys.Select(ModalityNames.Name))}, not {modality.Name()}.");

    private static Dictionary<Modality, (string Text, int Id)> Placeholders(ModelConfig config, Tokenizer tokenizer, PromptTemplate template)
    {
        Dictionary<Modality, (string, int)> placeholders = [];
        foreach (Modality modality in config.Modalities)
        {
            string text = template.MediaToken ?? tokenizer.TokenText(modality == Modality.Video ? config.VideoTokenId!.Value : config.MediaTokenId);
            placeholders[modality] = (text, TokenOf(tokenizer, text));
        }

        return placeholders;
    }

    private static int TokenOf(Tokenizer tokenizer, string text) => tokenizer.Encode(text, addSpecial: false) is [int id]
        ? id
        : throw new SeaException($"{tokenizer.File}: '{text}' must be one token of its own; the prompt format needs it.", $"Use the model's own tokenizer, or write {PromptTemplate.FileName}.");

    private static int[] GenerationEnds(string folder)
    {
        string file = Path.Combine(folder, "generation_config.json");
        return File.Exists(file) ? JsonSection.Read(file).Integers("eos_token_id") : [];
    }

    private static List<(int Start, int Length)> Spans(int[] ids, int placeholder)
    {
        List<(int, int)> spans = [];
        for (int i = 0; i < ids.Length; i++)
        {
            int start = i;
            while (i < ids.Length && ids[i] == placeholder)
            {
                i++;
            }

            if (i > start)
            {
                spans.Add((start, i - start));
            }
        }

        return spans;
    }

    /// <summary>A checkpoint that was trained on another template would answer badly without a word of warning.</summary>
    private static void CheckChatTemplate(ModelConfig config, string folder)
    {
        string marker = config.Family == ModelFamily.Llava ? "ASSISTANT:" : "<|im_start|>";
        if (ChatTemplate(folder) is (string file, string template) && !template.Contains(marker, StringComparison.Ordinal))
        {
            throw new SeaException(
                $"{file}: the chat template is not the one of the {config.Family} family (it lacks '{marker}').", $"Describe the model's format in {PromptTemplate.FileName} beside it.");
        }
    }

    private static (string File, string Template)? ChatTemplate(string folder)
    {
        string jinja = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(jinja))
        {
            return (jinja, File.ReadAllText(jinja));
        }

        foreach (string name in (string[])["chat_template.json", "tokenizer_config.json"])
        {
            string file = Path.Combine(folder, name);
            if (File.Exists(file) && JsonSection.Read(file) is var json && json.TryGet("chat_template", out var template) && template.ValueKind == System.Text.Json.JsonValueKind.String)
            {
                return (file, template.GetString()!);
            }
        }

        return null;
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
