using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Status;
using SeaCluster.Server.Driving;

namespace SeaCluster.Server.Runs;

/// <summary>Where a run stands, its submission and its process taken into account.</summary>
public enum RunStanding
{
    /// <summary>Waits for its turn, or to be taken up again.</summary>
    Queued,

    /// <summary>A process works on it.</summary>
    Running,

    /// <summary>It was cancelled and its process is ending.</summary>
    Stopping,

    /// <summary>It was cancelled; nothing starts it again but a retry.</summary>
    Cancelled,

    /// <summary>Stopped by hand; <c>sea run</c> or a retry goes on with it.</summary>
    Interrupted,

    /// <summary>Its process was killed, and nobody drives it.</summary>
    Killed,

    /// <summary>All done.</summary>
    Done,

    /// <summary>Done but for samples in quarantine.</summary>
    Partly,

    /// <summary>Failed.</summary>
    Failed,
}

/// <summary>A run as it is shown: what its ledger says, and what was asked for it.</summary>
/// <param name="Place">Where it is.</param>
/// <param name="Standing">Where it stands.</param>
/// <param name="Name">Its name.</param>
/// <param name="Message">Why it failed, or why it waits; null where there is nothing to say.</param>
/// <param name="Since">When it was submitted, or else begun.</param>
/// <param name="Request">What was asked; null where it was begun by hand.</param>
/// <param name="Holder">The process at work.</param>
/// <param name="Reading">What its ledger says; null before it was begun.</param>
public sealed record RunView(
    RunPlace Place, RunStanding Standing, string Name, string? Message, DateTimeOffset Since, RunRequest? Request, RunLockHolder? Holder, RunReading? Reading)
{
    /// <summary>Where it stands by its ledger; null before it was begun.</summary>
    public RunStatus? Status => Reading?.Status;

    /// <summary>Whether it may still change by itself.</summary>
    public bool Moves => Standing is RunStanding.Queued or RunStanding.Running or RunStanding.Stopping;

    /// <summary>Samples given up, over all stages.</summary>
    public long Quarantined => Status?.Stages.Sum(stage => stage.Samples?.Quarantined ?? 0) ?? 0;

    /// <summary>Answers that the judge gave no verdict on.</summary>
    public long Unjudged => Status?.Unjudged ?? 0;

    /// <summary>The samples of the stage that has them.</summary>
    public SampleCounts? Samples => Status?.Stages.Select(stage => stage.Samples).LastOrDefault(counts => counts is not null);

    /// <summary>Combines what is known.</summary>
    public static RunView Of(RunPlace place, RunRequest? request, DriveOutcome? outcome, RunLockHolder? holder, RunReading? reading)
    {
        RunStatus? status = reading?.Status;
        bool settled = request is null || (outcome is { Final: true } && outcome.Sequence == request.Sequence);
        RunStanding standing = (status?.State, request?.Wanted, holder) switch
        {
            (_, false, not null) => RunStanding.Stopping,
            (RunState.Done, false, _) => RunStanding.Done,
            (RunState.Partly, false, _) => RunStanding.Partly,
            (RunState.Failed, false, _) => RunStanding.Failed,
            (_, false, null) => RunStanding.Cancelled,
            (_, _, not null) => RunStanding.Running,
            (_, true, null) when !settled => RunStanding.Queued,
            (RunState.Done, _, _) => RunStanding.Done,
            (RunState.Partly, _, _) => RunStanding.Partly,
            (RunState.Interrupted, null, _) => RunStanding.Interrupted,
            (RunState.Running or RunState.Pending, null, _) => RunStanding.Killed,
            _ => RunStanding.Failed,
        };
        string? message = status?.Message ?? (outcome is { Error: not null } && outcome.Sequence == request?.Sequence ? outcome.Error : null);
        return new RunView(place, standing, status?.Name ?? request?.Name ?? place.Id, message, request?.Submitted ?? status?.Created ?? default, request, holder, reading);
    }
}
