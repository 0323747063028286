using SeaCluster.Runs;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Planning;
using SeaCluster.Runs.Status;

namespace SeaCluster.Server.Runs;

/// <summary>What a worker has in hand.</summary>
/// <param name="Worker">Its name, by the leases it holds.</param>
/// <param name="Stage">The stage that it works on.</param>
/// <param name="Samples">Samples leased to it.</param>
/// <param name="Overdue">Of these, samples whose lease is over: the worker was killed or is cut off, and others take them.</param>
/// <param name="Expires">When the first lease ends that is not over, unless it is renewed; null where all are.</param>
public sealed record WorkerLoad(string Worker, string Stage, int Samples, int Overdue, DateTimeOffset? Expires);

/// <summary>What a run's ledger says at one moment.</summary>
/// <param name="Status">As <c>sea status</c> has it.</param>
/// <param name="Workers">Who works on its samples.</param>
/// <param name="MoreLeases">Whether there are more leases than were looked at.</param>
public sealed record RunReading(RunStatus Status, IReadOnlyList<WorkerLoad> Workers, bool MoreLeases)
{
    // Leases are read with their samples' inputs; what is beyond these is only counted.
    private const int MostLeases = 512;

    internal static async Task<RunReading> OfAsync(ILedger ledger, RunRow run, RunFolder folder, CancellationToken cancel)
    {
        RunStatus status = await RunStatusReader.ReadAsync(ledger, run, folder.Path, RunLock.HolderOf(folder), cancel);
        RunPlan? plan = RunPlan.Find(folder);
        status = status with { Stages = [.. status.Stages.Select(stage => stage with { Planned = plan?.Of(stage.Stage) })] };
        List<WorkerLoad> workers = [];
        bool more = false;
        foreach (StageStatus stage in status.Stages.Where(stage => stage.Samples is { Leased: > 0 }))
        {
            string name = stage.Stage.Text();
            IReadOnlyList<SampleRow> leased = await ledger.SamplesAsync(run.Id, name, new SampleQuery(SampleState.Leased, Limit: MostLeases), cancel);
            more |= stage.Samples!.Leased > leased.Count && leased.Count == MostLeases;
            workers.AddRange(leased.GroupBy(row => row.Owner ?? "?").OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new WorkerLoad(
                group.Key,
                name,
                group.Count(),
                group.Count(row => row.LeaseExpires <= status.At),
                group.Where(row => row.LeaseExpires > status.At).Min(row => row.LeaseExpires))));
        }

        return new RunReading(status, workers, more);
    }
}
