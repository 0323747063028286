using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Planning;

namespace SeaCluster.Runs.Status;

/// <summary>What <c>sea status</c> shows of a run.</summary>
/// <param name="Run">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="State">Where it stands, by the ledger.</param>
/// <param name="WorkedOnBy">The process that works on it, or null. A run that is <see cref="RunState.Running"/> without one was killed.</param>
/// <param name="Message">Why it failed, or null.</param>
/// <param name="SpecHash">What it is done by.</param>
/// <param name="Created">When it began.</param>
/// <param name="At">When this was read.</param>
/// <param name="Stages">Every stage, in order.</param>
/// <param name="Quarantined">The samples given up, with their errors: at most <see cref="RunStatusReader.MostListed"/>.</param>
public sealed record RunStatus(
    string Run,
    string Name,
    string Folder,
    RunState State,
    RunLockHolder? WorkedOnBy,
    string? Message,
    string SpecHash,
    DateTimeOffset Created,
    DateTimeOffset At,
    IReadOnlyList<StageStatus> Stages,
    IReadOnlyList<QuarantinedSample> Quarantined)
{
    /// <summary>Whether it was killed: it says it runs, and nobody works on it.</summary>
    public bool Killed => State == RunState.Running && WorkedOnBy is null;

    /// <summary>Answers that the judge gave no verdict on.</summary>
    public long Unjudged => Stages.Where(stage => stage.Stage == StageName.Evaluate && RunProgress.IsSettled(stage.State)).Sum(stage => RunRetry.Unjudged(stage.Summary));
}

/// <summary>A stage of a run.</summary>
/// <param name="Stage">Which.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Worked">Wall time over all its starts, up to now.</param>
/// <param name="Samples">Its samples by state; null for a stage without.</param>
/// <param name="PerSecond">Samples settled a second, lately; null while unknown.</param>
/// <param name="Remaining">Time to its end at that rate; null while unknown.</param>
/// <param name="Summary">What it said at its end, JSON.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Planned">What it was expected to take before the run started; null without a plan.</param>
public sealed record StageStatus(
    StageName Stage, StageState State, TimeSpan Worked, SampleCounts? Samples, double? PerSecond, TimeSpan? Remaining, string? Summary, string? Error, StagePlan? Planned = null);

/// <summary>A sample given up.</summary>
public sealed record QuarantinedSample(StageName Stage, string Sample, int Attempts, string Error, string Input, DateTimeOffset Since);

/// <summary>Reads a run's status; never waits for who works on it and never disturbs them.</summary>
public static class RunStatusReader
{
    /// <summary>Quarantined samples listed; the counts have them all.</summary>
    public const int MostListed = 100;

    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(5);

    /// <exception cref="Models.SeaException">There is no run, or its ledger cannot be read.</exception>
    public static async Task<RunStatus> ReadAsync(RunFolder folder, TimeProvider time, CancellationToken cancel = default)
    {
        await using RunLedger opened = await RunLedger.OpenAsync(folder, given: null, create: false, time, cancel);
        RunRow run = await opened.FindRunAsync(cancel) ?? throw new Models.SeaException($"{opened.Shown}: holds no run yet", "'sea run SPEC --out DIR' begins one");
        RunStatus status = await ReadAsync(opened.Ledger, run, folder.Path, RunLock.HolderOf(folder), cancel);
        RunPlan? plan = RunPlan.Find(folder);
        return status with { Stages = [.. status.Stages.Select(stage => stage with { Planned = plan?.Of(stage.Stage) })] };
    }

    /// <summary>Reads a run's status from any ledger.</summary>
    public static async Task<RunStatus> ReadAsync(ILedger ledger, RunRow run, string folder, RunLockHolder? holder, CancellationToken cancel = default)
    {
        DateTimeOffset now = await ledger.NowAsync(cancel);
        Dictionary<string, StageRow> rows = (await ledger.StagesAsync(run.Id, cancel)).ToDictionary(row => row.Stage, StringComparer.Ordinal);
        List<StageStatus> stages = [];
        List<QuarantinedSample> quarantined = [];
        foreach (StageName stage in StageNames.All)
        {
            stages.Add(await StageAsync(ledger, run.Id, stage, rows.GetValueOrDefault(stage.Text()), now, holder is not null, cancel));
            IReadOnlyList<SampleRow> given = await ledger.SamplesAsync(run.Id, stage.Text(), new SampleQuery(SampleState.Quarantined, Limit: MostListed - quarantined.Count), cancel);
            quarantined.AddRange(given.Select(row => new QuarantinedSample(stage, row.Id, row.Attempts, row.Error ?? "", row.Input, row.Updated)));
        }

        return new RunStatus(run.Id, run.Name, folder, run.State, holder, run.Message, run.SpecHash, run.Created, now, stages, quarantined);
    }

    private static async Task<StageStatus> StageAsync(
        ILedger ledger, string run, StageName stage, StageRow? row, DateTimeOffset now, bool alive, CancellationToken cancel)
    {
        SampleCounts counts = await ledger.CountsAsync(run, stage.Text(), cancel);
        double? rate = null;
        TimeSpan? remaining = null;
        if (row is { State: StageState.Running, Started: { } started } && alive && counts.Total > 0)
        {
            DateTimeOffset since = started > now - Lately ? started : now - Lately;
            DoneLately done = await ledger.DoneSinceAsync(run, stage.Text(), since, cancel: cancel);
            double seconds = (now - done.Since).TotalSeconds;
            if (done.Count > 0 && seconds > 0)
            {
                rate = done.Count / seconds;
                remaining = TimeSpan.FromSeconds((counts.Total - counts.Settled) / rate.Value);
            }
        }

        return new StageStatus(
            stage, row?.State ?? StageState.Pending, row?.Worked ?? TimeSpan.Zero, counts.Total > 0 ? counts : null, rate, remaining, row?.Summary, row?.Error);
    }
}
