using System.Text.Json.Nodes;
using SeaCluster.Runs;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Status;

namespace SeaCluster.Server.Runs;

/// <summary>A run in a list.</summary>
/// <param name="Id">What addresses name it by.</param>
/// <param name="Name">Its name.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Message">Why it failed, or null.</param>
/// <param name="Since">When it was submitted, or begun by hand.</param>
/// <param name="By">Who submitted it; null where it was begun by hand.</param>
/// <param name="Stage">The stage that is under way.</param>
/// <param name="Samples">Its samples by state; null before there are any.</param>
/// <param name="PerSecond">Samples a second, lately; null while unknown.</param>
/// <param name="RemainingSeconds">Time to the stage's end at that rate; null while unknown.</param>
public sealed record RunSummary(
    string Id, string Name, RunStanding State, string? Message, DateTimeOffset Since, string? By, string? Stage, SampleCounts? Samples, double? PerSecond, double? RemainingSeconds)
{
    internal static RunSummary Of(RunView view)
    {
        StageStatus? stage = view.Status?.Stages.FirstOrDefault(each => each.State == StageState.Running);
        return new RunSummary(
            view.Place.Id, view.Name, view.Standing, view.Message, view.Since, view.Request?.By, stage?.Stage.Text(), view.Samples, stage?.PerSecond, stage?.Remaining?.TotalSeconds);
    }
}

/// <summary>A page of runs, newest first.</summary>
/// <param name="Runs">The runs.</param>
/// <param name="Next">The cursor of the next page; null where this is the last.</param>
public sealed record RunPage(IReadOnlyList<RunSummary> Runs, string? Next);

/// <summary>A run.</summary>
/// <param name="Id">What addresses name it by.</param>
/// <param name="Name">Its name.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Message">Why it failed, or null.</param>
/// <param name="Since">When it was submitted, or begun by hand.</param>
/// <param name="By">Who submitted it; null where it was begun by hand.</param>
/// <param name="Run">Its id in the ledger; null before it was begun.</param>
/// <param name="LedgerState">Where it stands by the ledger alone; null before it was begun.</param>
/// <param name="Folder">Its folder on the server.</param>
/// <param name="SpecHash">What it is done by.</param>
/// <param name="WorkedOnBy">The process at work; null where none is.</param>
/// <param name="At">When this was read.</param>
/// <param name="Stages">Every stage, in order; none before it was begun.</param>
/// <param name="Quarantined">Samples given up.</param>
/// <param name="QuarantinedSamples">The first of them, with their errors.</param>
/// <param name="HasReport">Whether there is a report.</param>
public sealed record RunDocument(
    string Id,
    string Name,
    RunStanding State,
    string? Message,
    DateTimeOffset Since,
    string? By,
    string? Run,
    RunState? LedgerState,
    string Folder,
    string? SpecHash,
    ProcessDocument? WorkedOnBy,
    DateTimeOffset? At,
    IReadOnlyList<StageDocument> Stages,
    long Quarantined,
    IReadOnlyList<QuarantineDocument> QuarantinedSamples,
    bool HasReport)
{
    internal static RunDocument Of(RunView view) => new(
        view.Place.Id,
        view.Name,
        view.Standing,
        view.Message,
        view.Since,
        view.Request?.By,
        view.Status?.Run,
        view.Status?.State,
        view.Place.Folder.Path,
        view.Status?.SpecHash,
        view.Holder is { } holder ? new ProcessDocument(holder.ProcessId, holder.Machine, holder.Since) : null,
        view.Status?.At,
        [.. (view.Status?.Stages ?? []).Select(StageDocument.Of)],
        view.Quarantined,
        [.. (view.Status?.Quarantined ?? []).Select(sample => new QuarantineDocument(sample.Stage.Text(), sample.Sample, sample.Attempts, sample.Error, sample.Since))],
        File.Exists(view.Place.Folder.Report));
}

/// <summary>A process that works on a run.</summary>
public sealed record ProcessDocument(int ProcessId, string Machine, DateTimeOffset Since);

/// <summary>A stage of a run.</summary>
/// <param name="Stage">Its name.</param>
/// <param name="State">Where it stands.</param>
/// <param name="WorkedSeconds">Wall time over all its starts.</param>
/// <param name="PlannedSeconds">What it was expected to take; null without a plan.</param>
/// <param name="Samples">Its samples by state; null for a stage without.</param>
/// <param name="PerSecond">Samples a second, lately; null while unknown.</param>
/// <param name="RemainingSeconds">Time to its end at that rate; null while unknown.</param>
/// <param name="Summary">What it said at its end.</param>
/// <param name="Error">Why it failed.</param>
public sealed record StageDocument(
    string Stage, StageState State, double WorkedSeconds, double? PlannedSeconds, SampleCounts? Samples, double? PerSecond, double? RemainingSeconds, JsonNode? Summary, string? Error)
{
    internal static StageDocument Of(StageStatus stage) => new(
        stage.Stage.Text(),
        stage.State,
        stage.Worked.TotalSeconds,
        stage.Planned?.Seconds,
        stage.Samples,
        stage.PerSecond,
        stage.Remaining?.TotalSeconds,
        stage.Summary is null ? null : JsonNode.Parse(stage.Summary),
        stage.Error);
}

/// <summary>A sample given up.</summary>
public sealed record QuarantineDocument(string Stage, string Sample, int Attempts, string Error, DateTimeOffset Since);

/// <summary>What a retry is asked for.</summary>
/// <param name="Samples">Samples to put back; null or left out is all that are in quarantine, and answers without a verdict.</param>
public sealed record RetryDocument(IReadOnlyList<string>? Samples);
