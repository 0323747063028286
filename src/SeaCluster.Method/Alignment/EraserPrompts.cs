using SeaCluster.Models;
using SeaCluster.Models.Prompts;

namespace SeaCluster.Method.Alignment;

/// <summary>How Eraser's rows become tokens.</summary>
public enum EraserMode
{
    /// <summary>Prompt and answer are tokenized as one text, as for every other method; padding does not exist.</summary>
    Clean,

    /// <summary>
    /// As the authors' code does: prompt and answer are tokenized apart, each with the tokens that the tokenizer puts around a text (a second start token in front of the
    /// answer, and a label), and divergences are averaged over padding too.
    /// </summary>
    Faithful,
}

/// <summary>The chat that a row is put in.</summary>
public enum EraserTemplate
{
    /// <summary>The model's own.</summary>
    Own,

    /// <summary>A plain chat of USER and ASSISTANT.</summary>
    Plain,

    /// <summary>Llama 2's, with its default system text.</summary>
    Llama2,
}

/// <summary>Renders Eraser's rows (Lu et al. 2024): each under one or more templates, harmful ones with random texts around the question.</summary>
public sealed class EraserPrompts
{
    // As the authors' templates are written: the plain one ends with a blank, Llama 2's brings a start token of its own.
    private const string PlainEnd = " ";
    private const string LlamaStart = "<s>";

    private readonly IMultimodalModel model;
    private readonly EraserMode mode;
    private readonly int longest;
    private readonly Dictionary<EraserTemplate, PromptFormat> formats;

    /// <param name="model">Its tokenizer and its own template.</param>
    /// <param name="mode">How rows become tokens.</param>
    /// <param name="longest">Tokens that a row is cut to.</param>
    public EraserPrompts(IMultimodalModel model, EraserMode mode, int longest)
    {
        this.model = model;
        this.mode = mode;
        this.longest = longest;
        string end = model.Prompts.AnswerEnd;
        formats = new()
        {
            [EraserTemplate.Own] = model.Prompts,
            [EraserTemplate.Plain] = model.Prompts.With(PromptTemplate.PlainChat(end)),
            [EraserTemplate.Llama2] = model.Prompts.With(PromptTemplate.Llama2(end)),
        };
    }

    /// <summary>A row, cut to the longest length; without labels where the prompt alone is longer.</summary>
    public EncodedPrompt Encode(EraserTemplate template, string question, string answer)
    {
        EncodedPrompt prompt = mode == EraserMode.Clean ? formats[template].Encode(question, answer) : Apart(template, question, answer);
        return prompt.Ids.Length <= longest ? prompt : prompt with { Ids = prompt.Ids[..longest], Labels = prompt.Labels[..longest], PromptLength = Math.Min(prompt.PromptLength, longest) };
    }

    /// <summary>A harmful row: <see cref="Encode"/> with texts around the question.</summary>
    public HarmRow Harm(string id, EraserTemplate template, string question, string answer) => new(id, (before, after) =>
    {
        // The authors' blanks around the question stand even where nothing is around them.
        bool always = mode == EraserMode.Faithful;
        string wrapped = $"{before}{(always || before.Length > 0 ? " " : "")}{question}{(always || after.Length > 0 ? " " : "")}{after}";
        EncodedPrompt prompt = Encode(template, wrapped, answer);
        // What stands around it may push the answer over the end: then the question stands alone.
        return Array.Exists(prompt.Labels, label => label >= 0) ? prompt : Encode(template, question, answer);
    });

    private EncodedPrompt Apart(EraserTemplate template, string question, string answer)
    {
        PromptFormat format = formats[template];
        string written = format.Render(new ChatTurn(question), MediaLayout.None), empty = format.Render(new ChatTurn(""), MediaLayout.None);
        int start = Common(written, question, empty);
        (string before, string after) = template switch { EraserTemplate.Plain => ("", PlainEnd), EraserTemplate.Llama2 => (LlamaStart, ""), _ => ("", "") };
        int[] asked = model.Tokenizer.Encode(before + written + after, [(before.Length + start, question.Length)]);
        int[] answered = [.. model.Tokenizer.Encode(answer, [(0, answer.Length)]), format.AnswerEndId];
        return new EncodedPrompt
        {
            Text = before + written + after + answer,
            Ids = [.. asked, .. answered],
            Labels = [.. Enumerable.Repeat(EncodedPrompt.NoLabel, asked.Length), .. answered],
            MediaSpans = [],
            PromptLength = asked.Length,
        };
    }

    // Where the question stands: what is in front of it is what is in front of an empty one.
    private static int Common(string written, string question, string empty)
    {
        for (int start = 0; start <= empty.Length; start++)
        {
            if (written.Length == empty.Length + question.Length && written.AsSpan(0, start).SequenceEqual(empty.AsSpan(0, start))
                && written.AsSpan(start, question.Length).SequenceEqual(question) && written.AsSpan(start + question.Length).SequenceEqual(empty.AsSpan(start)))
            {
                return start;
            }
        }

        throw new ArgumentException($"The prompt '{written}' does not hold its question as it is.", nameof(question));
    }
}
