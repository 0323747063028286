using System.Text.Json.Nodes;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Server.Samples;

/// <summary>A sample without the text that it is made from.</summary>
/// <param name="Id">Unique in its stage.</param>
/// <param name="Stage">The stage that it belongs to.</param>
/// <param name="Ordinal">Its place in the run's order.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Attempts">How often work on it was begun.</param>
/// <param name="Failures">How often it failed since it was last put back.</param>
/// <param name="LostLeases">How often its worker was lost since then.</param>
/// <param name="Owner">The worker that holds it, or held it last.</param>
/// <param name="LeaseExpires">When its lease ends; null where it is not leased.</param>
/// <param name="NextAttempt">When it is tried again; null where it did not fail.</param>
/// <param name="Artifact">Its result; null where there is none yet.</param>
/// <param name="Loss">The last loss.</param>
/// <param name="Steps">The steps it took.</param>
/// <param name="DurationSeconds">The time it took.</param>
/// <param name="Detail">What else was kept with the result.</param>
/// <param name="Error">The latest error.</param>
/// <param name="Updated">Its latest change.</param>
public sealed record SampleDocument(
    string Id,
    string Stage,
    long Ordinal,
    SampleState State,
    int Attempts,
    int Failures,
    int LostLeases,
    string? Owner,
    DateTimeOffset? LeaseExpires,
    DateTimeOffset? NextAttempt,
    StoredFile? Artifact,
    double? Loss,
    int? Steps,
    double? DurationSeconds,
    JsonNode? Detail,
    string? Error,
    DateTimeOffset Updated)
{
    internal static SampleDocument Of(string stage, SampleRow row) => new(
        row.Id, stage, row.Ordinal, row.State, row.Attempts, row.Failures, row.LostLeases, row.Owner, row.LeaseExpires, row.NextAttempt, row.Artifact, row.Loss, row.Steps,
        row.Duration?.TotalSeconds, row.Detail is null ? null : JsonNode.Parse(row.Detail), row.Error, row.Updated);
}

/// <summary>A page of samples in the run's order.</summary>
/// <param name="Samples">The samples.</param>
/// <param name="Next">The cursor of the next page; null where this is the last.</param>
public sealed record SamplePage(IReadOnlyList<SampleDocument> Samples, string? Next);

/// <summary>The text that a sample is made from.</summary>
/// <param name="Input">As the stage has it.</param>
public sealed record SampleInput(JsonNode? Input);
