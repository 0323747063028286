using SeaCluster.Method.Preparation;
using SeaCluster.Models;

namespace SeaCluster.Runs.Stages;

/// <summary>What an alignment is made from.</summary>
public sealed record AlignmentInputs
{
    /// <summary>Prepared rows, harmful and benign.</summary>
    public required IReadOnlyList<AlignmentSample> Samples { get; init; }

    /// <summary>Plain benign rows with their answers, or null.</summary>
    public string? Benign { get; init; }

    /// <summary>Benign rows that name a real medium, or null.</summary>
    public string? BenignMedia { get; init; }

    /// <summary>Harmful rows that name a real medium, or null.</summary>
    public string? HarmfulMedia { get; init; }

    /// <summary>Folder of Eraser's own data, which takes the mix's place, or null.</summary>
    public string? Eraser { get; init; }

    /// <summary>Of the blank medium; null: the model's first modality.</summary>
    public Modality? Modality { get; init; }

    /// <summary>Whether the blank medium stands in for embeddings that are not made yet: to measure what a step takes.</summary>
    public bool BlankStandsIn { get; init; }

    /// <summary>At most so many rows of each of these files.</summary>
    public int? Limit { get; init; }
}

/// <summary>A prepared row and its embedding.</summary>
/// <param name="Id">Unique among all samples of the alignment.</param>
/// <param name="Row">The prepared row.</param>
/// <param name="Benign">Whether it is to be answered rather than refused.</param>
/// <param name="Embedding">File of its synthetic encoder output, or null where it has none.</param>
/// <param name="Hash">Of the file's content, or null.</param>
public sealed record AlignmentSample(string Id, PreparedRow Row, bool Benign, string? Embedding, string? Hash);
