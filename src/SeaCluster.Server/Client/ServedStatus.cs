using SeaCluster.Runs;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Planning;
using SeaCluster.Runs.Status;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Client;

/// <summary>Turns a server's answer into what the local commands show.</summary>
public static class ServedStatus
{
    /// <summary>A run's status; null where it was not begun yet.</summary>
    public static RunStatus? ToStatus(this RunDocument run) => run is not { Run: { } id, LedgerState: { } state } ? null : new RunStatus(
        id,
        run.Name,
        run.Folder,
        state,
        run.WorkedOnBy is { } holder ? new RunLockHolder(holder.ProcessId, holder.Machine, holder.Since) : null,
        run.Message,
        run.SpecHash ?? "",
        run.Since,
        run.At ?? run.Since,
        [.. run.Stages.Where(stage => StageNames.Parse(stage.Stage) is not null).Select(stage => new StageStatus(
            StageNames.Parse(stage.Stage)!.Value,
            stage.State,
            TimeSpan.FromSeconds(stage.WorkedSeconds),
            stage.Samples,
            stage.PerSecond,
            stage.RemainingSeconds is { } left ? TimeSpan.FromSeconds(left) : null,
            stage.Summary?.ToJsonString(),
            stage.Error,
            stage.PlannedSeconds is { } planned ? new StagePlan(StageNames.Parse(stage.Stage)!.Value, 0, "") { Seconds = planned } : null))],
        [.. run.QuarantinedSamples.Where(sample => StageNames.Parse(sample.Stage) is not null).Select(sample =>
            new QuarantinedSample(StageNames.Parse(sample.Stage)!.Value, sample.Sample, sample.Attempts, sample.Error, "", sample.Since))]);
}
