using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SeaCluster.Method.Preparation;

/// <summary>A question about the medium and the answer the embedding is optimised to give.</summary>
public sealed record ControlPair(string Question, string Answer);

/// <summary>One line of <c>prepared.jsonl</c>: everything that synthesis and alignment need of a sample.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Phrase">The key phrase, word for word as it stands in <paramref name="Instruction"/>.</param>
/// <param name="Kind">Whether the phrase names an activity or a product.</param>
/// <param name="Sentence">The phrase as a full sentence.</param>
/// <param name="Instruction">The request with the phrase in it.</param>
/// <param name="DetoxifiedInstruction">The request that points at the medium instead ("… this activity"), its fixed prefix included.</param>
/// <param name="Content">Content control: a question whose answer names the phrase.</param>
/// <param name="Style">Style control: a harmless question whose answer does not name it.</param>
/// <param name="PerceptionQuestions">Paraphrases of the content question that are never trained on, for the perception check.</param>
/// <param name="Response">The wanted answer.</param>
/// <param name="Rejected">The unwanted answer for preference training, or null.</param>
/// <param name="Category">The data set's category, or null.</param>
/// <param name="Modality"><c>image</c>, <c>audio</c> or <c>video</c>: what the controls speak about.</param>
/// <param name="Source"><c>file:line</c> of the row.</param>
/// <param name="Preparer">Name and version of the preparer and its templates.</param>
public sealed record PreparedRow(
    string Id,
    string Phrase,
    PhraseKind Kind,
    string Sentence,
    string Instruction,
    string DetoxifiedInstruction,
    ControlPair Content,
    ControlPair Style,
    IReadOnlyList<string> PerceptionQuestions,
    string Response,
    string? Rejected,
    string? Category,
    string Modality,
    string Source,
    string Preparer)
{
    /// <summary>Topic control: a question whose answer names the row's category, for synthesis with the pair <c>topic</c>; null for a row without a category.</summary>
    public ControlPair? Topic { get; init; }
}

/// <summary>One line of <c>rejected.jsonl</c>.</summary>
/// <param name="Id">The row's id, or null where it could not be read.</param>
/// <param name="Code">A stable word for counting: one of <see cref="RejectionCode"/>.</param>
/// <param name="Reason">What was expected and what was found.</param>
/// <param name="Source"><c>file:line</c> of the row.</param>
/// <param name="Preparer">Name and version of the preparer.</param>
/// <param name="Row">The original row: an object where it was valid JSON, else its text.</param>
public sealed record RejectedRow(string? Id, string Code, string Reason, string Source, string Preparer, JsonElement Row);

/// <summary>The words that <c>rejected.jsonl</c> and the report count by.</summary>
public static class RejectionCode
{
    /// <summary>The row could not be read.</summary>
    public const string BadRow = "bad_row";

    /// <summary>The same prompt came earlier.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>No key phrase was found in the prompt.</summary>
    public const string NoPhrase = "no_phrase";

    /// <summary>The prepared row failed validation (a wrong phrase, a phrase left in the detoxified instruction, …).</summary>
    public const string Invalid = "invalid";

    /// <summary>The row has no response and the options ask for one.</summary>
    public const string NoResponse = "no_response";

    /// <summary>The LLM declined to work on the row.</summary>
    public const string Refused = "llm_refused";

    /// <summary>The LLM's answers were not the JSON that was asked for.</summary>
    public const string BrokenAnswer = "llm_broken_json";

    /// <summary>The endpoint failed for every attempt. Such rows are tried again by the next run.</summary>
    public const string Endpoint = "endpoint";
}

/// <summary>How prepared and rejected rows are written: one object a line, snake_case keys in a fixed order.</summary>
[JsonSerializable(typeof(PreparedRow))]
[JsonSerializable(typeof(RejectedRow))]
internal sealed partial class PreparedJson : JsonSerializerContext
{
    /// <summary>The one set of options; letters of any script stay readable.</summary>
    public static PreparedJson Lines { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter<PhraseKind>() },
    });
}
