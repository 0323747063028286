using System.Text.Json.Serialization;

namespace SeaCluster.Method.Preparation;

/// <summary>One text safety sample as it was read: a harmful (or benign) request and the answer the aligned model should give.</summary>
/// <param name="Id">Unique in the run; generated from the prompt where the file has none.</param>
/// <param name="Prompt">The request in plain text.</param>
/// <param name="Response">The wanted answer (a refusal for a harmful request), or null where the file has none.</param>
/// <param name="Rejected">The answer that preference training should move away from, or null.</param>
/// <param name="Category">The data set's own category name, or null.</param>
public sealed record SafetyRow(string Id, string Prompt, string? Response, string? Rejected = null, string? Category = null)
{
    /// <summary>Where the row came from, as <c>file:line</c>.</summary>
    public string Source { get; init; } = "";

    /// <summary>The row's own text in the file, for <c>rejected.jsonl</c>.</summary>
    public string Original { get; init; } = "";

    /// <summary>The key phrase where the data set publishes it (MM-SafetyBench, VA-SafetyBench), or null.</summary>
    public KnownPhrase? Known { get; init; }
}

/// <summary>A key phrase that a data set publishes beside its question.</summary>
/// <param name="Phrase">The phrase as published.</param>
/// <param name="Kind">Its published kind, or null where the data set's word is neither activity nor product.</param>
/// <param name="Detoxified">The published question without the phrase, or null.</param>
public sealed record KnownPhrase(string Phrase, PhraseKind? Kind, string? Detoxified);

/// <summary>What a key phrase names.</summary>
public enum PhraseKind
{
    /// <summary>Something that is done: "steal a car".</summary>
    [JsonStringEnumMemberName("activity")]
    Activity,

    /// <summary>Something that is had or made: "pipe bomb".</summary>
    [JsonStringEnumMemberName("product")]
    Product,
}

/// <summary>A row that could not be used, with where and why.</summary>
/// <param name="File">The path as it was given.</param>
/// <param name="Line">1-based line where the row starts.</param>
/// <param name="Code">A stable word for counting: one of <see cref="RejectionCode"/>.</param>
/// <param name="Reason">What was expected and what was found.</param>
/// <param name="Original">The row's text, cut where it is very long.</param>
public sealed record RowProblem(string File, long Line, string Code, string Reason, string Original)
{
    /// <summary><c>file:line</c>.</summary>
    public string Source => $"{File}:{Line}";
}

/// <summary>Either a row or the problem that took its place.</summary>
public readonly record struct RowRead(SafetyRow? Row, RowProblem? Problem);
