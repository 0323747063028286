using SeaCluster.Models.Configuration;

namespace SeaCluster.Models.Prompts;

/// <summary>
/// The texts around what is said. Holes: <c>{system}</c>, <c>{media}</c>, <c>{question}</c>, <c>{answer}</c> and, in <see cref="Media"/>,
/// <c>{tokens}</c>. A file <c>prompt_format.json</c> beside a checkpoint holds the same fields in snake_case.
/// </summary>
public sealed record PromptTemplate
{
    /// <summary>The name of the file that overrides a family's template.</summary>
    public const string FileName = "prompt_format.json";

    private static readonly string[] Keys = ["prompt", "system", "default_system", "media", "media_token", "token_separator", "answer", "answer_end", "between_turns"];

    /// <summary>One turn up to the answer, with <c>{system}</c>, <c>{media}</c> and <c>{question}</c> in this order.</summary>
    public required string Prompt { get; init; }

    /// <summary>What <c>{system}</c> in <see cref="Prompt"/> becomes where there is a system text; empty where the format has no place for one.</summary>
    public required string System { get; init; }

    /// <summary>The system text where none is given, or null.</summary>
    public string? DefaultSystem { get; init; }

    /// <summary>What <c>{media}</c> in <see cref="Prompt"/> becomes where there is a medium; <c>{tokens}</c> is its tokens.</summary>
    public required string Media { get; init; }

    /// <summary>The placeholder of a media token, or null for the one that <c>config.json</c> names for the kind.</summary>
    public string? MediaToken { get; init; }

    /// <summary>What stands between two media tokens.</summary>
    public string TokenSeparator { get; init; } = "";

    /// <summary>What follows the prompt, with <c>{answer}</c>.</summary>
    public required string Answer { get; init; }

    /// <summary>The token that ends an answer.</summary>
    public required string AnswerEnd { get; init; }

    /// <summary>What stands between an answer's end and the next turn.</summary>
    public string BetweenTurns { get; init; } = "";

    /// <summary>LLaVA 1.5, which speaks as Vicuna does.</summary>
    public static PromptTemplate Vicuna { get; } = new()
    {
        Prompt = "{system}USER: {media}{question} ASSISTANT:",
        System = "{system} ",
        Media = "{tokens}\n",
        Answer = " {answer}",
        AnswerEnd = "</s>",
    };

    /// <summary>The small world's whole-word models.</summary>
    public static PromptTemplate Words { get; } = new()
    {
        Prompt = "<bos> <user> {media}{question} <assistant>",
        System = "",
        Media = "{tokens} ",
        MediaToken = "<media>",
        TokenSeparator = " ",
        Answer = " {answer} ",
        AnswerEnd = "<eos>",
        BetweenTurns = " ",
    };

    /// <summary>The ChatML families.</summary>
    /// <param name="media">The text around the media tokens.</param>
    /// <param name="defaultSystem">The system text where none is given, or null.</param>
    public static PromptTemplate ChatMl(string media, string? defaultSystem) => new()
    {
        Prompt = "{system}<|im_start|>user\n{media}{question}<|im_end|>\n<|im_start|>assistant\n",
        System = "<|im_start|>system\n{system}<|im_end|>\n",
        DefaultSystem = defaultSystem,
        Media = media,
        Answer = "{answer}",
        AnswerEnd = "<|im_end|>",
        BetweenTurns = "\n",
    };

    /// <summary>A chat of USER and ASSISTANT with Vicuna's system text.</summary>
    /// <param name="answerEnd">The token that ends an answer.</param>
    public static PromptTemplate PlainChat(string answerEnd) => Vicuna with
    {
        DefaultSystem = "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful answers to the user's questions.",
        AnswerEnd = answerEnd,
    };

    /// <summary>Llama 2's chat, with its default system text.</summary>
    /// <param name="answerEnd">The token that ends an answer.</param>
    public static PromptTemplate Llama2(string answerEnd) => new()
    {
        Prompt = "[INST] {system}{media}{question} [/INST]",
        System = "<<SYS>>\n{system}\n<</SYS>>\n\n",
        DefaultSystem = "You are a helpful, respectful and honest assistant. Always answer as helpfully as possible, while being safe. Your answers should not include any harmful, unethical, racist, sexist, toxic, "
            + "dangerous, or illegal content. Please ensure that your responses are socially unbiased and positive in nature.\n\nIf a question does not make any sense, or is not factually coherent, explain why "
            + "instead of answering something not correct. If you don't know the answer to a question, please don't share false information.",
        Media = "{tokens}\n",
        Answer = " {answer}",
        AnswerEnd = answerEnd,
    };

    /// <summary>The template that a family was trained with.</summary>
    public static PromptTemplate Of(ModelFamily family) => family switch
    {
        ModelFamily.Llava => Vicuna,
        ModelFamily.Qwen2Vl => ChatMl("<|vision_start|>{tokens}<|vision_end|>", "You are a helpful assistant."),
        ModelFamily.Qwen2Audio => ChatMl("Audio 1: <|audio_bos|>{tokens}<|audio_eos|>\n", "You are a helpful assistant."),
        _ => ChatMl("{tokens}\n", null),
    };

    /// <summary>Reads <c>prompt_format.json</c>. Throws <see cref="SeaException"/> naming file and key.</summary>
    public static PromptTemplate Read(string file)
    {
        JsonSection json = JsonSection.Read(file);
        foreach (string key in json.Element.EnumerateObject().Select(property => property.Name))
        {
            if (!Keys.Contains(key, StringComparer.Ordinal))
            {
                throw json.Unfit(key, $"is not a key of a prompt format; known are {string.Join(", ", Keys)}");
            }
        }

        return new PromptTemplate
        {
            Prompt = Holding(json, "prompt", "{media}", "{question}"),
            System = string.IsNullOrEmpty(json.Text("system")) ? "" : Holding(json, "system", "{system}"),
            DefaultSystem = json.Text("default_system"),
            Media = Holding(json, "media", "{tokens}"),
            MediaToken = json.Text("media_token"),
            TokenSeparator = json.Text("token_separator") ?? "",
            Answer = Holding(json, "answer", "{answer}"),
            AnswerEnd = json.RequiredText("answer_end"),
            BetweenTurns = json.Text("between_turns") ?? "",
        };
    }

    /// <summary>A text that has each of the holes once, in this order.</summary>
    private static string Holding(JsonSection json, string key, params ReadOnlySpan<string> holes)
    {
        string text = json.RequiredText(key);
        int at = -1;
        foreach (string hole in holes)
        {
            int found = text.IndexOf(hole, StringComparison.Ordinal);
            if (found <= at || text.LastIndexOf(hole, StringComparison.Ordinal) != found)
            {
                throw json.Unfit(key, $"must have {string.Join(" and then ", holes!)} once");
            }

            at = found;
        }

        return text;
    }
}
