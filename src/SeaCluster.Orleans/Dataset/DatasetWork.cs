using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans;
using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Orleans.Placement;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Runs.Work;

namespace SeaCluster.Orleans.Dataset;

/// <summary>What a dataset grain has done: a worker of the run's ledger whose lane is the cluster.</summary>
internal sealed class DatasetWork(IGrainFactory grains, LaneLoad load, SiloRuns runs, TimeProvider time, ILogger<DatasetWork> log)
{
    // Records that the ledger made superfluous are removed beside the work, not in front of it.
    private const int ForgetAtOnce = 16;

    /// <summary>Works until every sample of the stage is settled or it is asked to end.</summary>
    /// <param name="run">The run.</param>
    /// <param name="epoch">Grows with every activation that begins; leases of earlier ones are given back first.</param>
    /// <param name="tell">Where progress goes.</param>
    /// <param name="stop">Asks to end: unfinished samples are given back.</param>
    /// <exception cref="SeaException">It cannot be gone on with.</exception>
    public async Task<WorkOutcome> RunAsync(RunReference run, long epoch, Action<DatasetProgress> tell, CancellationToken stop)
    {
        await using RunMember member = await runs.OpenAsync(run, notice => Said(tell, notice), stop);
        RunContext context = member.Context(StageName.Synthesize);
        if (context.Spec.Synthesize.Deterministic)
        {
            throw new SeaException($"{run.Folder}: synthesize.deterministic has fixed batches, which sample grains do not work on", "leave it out, or run without --cluster beside 'sea worker'");
        }

        string stage = context.Stage.Text(), name = $"dataset/{run.Run}#", owner = string.Create(CultureInfo.InvariantCulture, $"{name}{epoch}");
        using Activity? activity = await RunTrace.JoinAsync(context.Ledger, run.Run, stage, stop);
        Activity.Current = activity ?? Activity.Current;
        await TakeOverAsync(context, stage, name, owner, stop);
        Worker worker = new(context.Ledger, context.Artifacts, WorkerOptions.From(context.Spec.Work) with { Owner = owner }, time);
        SampleCounts counts = await context.Ledger.CountsAsync(run.Run, stage, stop);
        Progress progress = new(tell, counts);
        SampleDispatch dispatch = new(grains, load, run, stage, context.Folder, time, progress.Say);
        using SemaphoreSlim forgetting = new(ForgetAtOnce);
        WorkOutcome outcome = await worker.RunAsync(run.Run, stage, dispatch, new Settled(progress, sample => _ = ForgetAsync(run, stage, sample, forgetting)), stop);
        for (int i = 0; i < ForgetAtOnce; i++)
        {
            await forgetting.WaitAsync(CancellationToken.None);
        }

        return outcome;
    }

    // An earlier activation died, or was cut off: its leases need not run out first. If it still lives, its tokens are worth nothing from here on.
    private static async Task TakeOverAsync(RunContext context, string stage, string name, string owner, CancellationToken stop)
    {
        long after = -1;
        IReadOnlyList<SampleRow> page;
        while ((page = await context.Ledger.SamplesAsync(context.Run, stage, new SampleQuery(SampleState.Leased, after), stop)).Count > 0)
        {
            LeaseKey[] left = [.. page.Where(row => row.Owner is { } by && by != owner && by.StartsWith(name, StringComparison.Ordinal)).Select(row => new LeaseKey(row.Id, row.Token))];
            if (left.Length > 0)
            {
                await context.Ledger.ReleaseAsync(context.Run, stage, left, stop);
            }

            after = page[^1].Ordinal;
        }
    }

    private async Task ForgetAsync(RunReference run, string stage, string sample, SemaphoreSlim turn)
    {
        await turn.WaitAsync();
        try
        {
            await grains.GetGrain<ISampleGrain>(ISampleGrain.KeyOf(run.Run, stage, sample)).ForgetAsync(CancellationToken.None);
        }
        catch (Exception error)
        {
            // A record left behind costs its place in the storage and nothing else: it is checked before it is used.
            DatasetLog.NotForgotten(log, sample, error.Message);
        }
        finally
        {
            turn.Release();
        }
    }

    private static void Said(Action<DatasetProgress> tell, RunNotice notice)
    {
        if (notice is RunNotice.LedgerAway away)
        {
            tell(new DatasetProgress { Detail = $"the ledger is away: {away.Reason}" });
        }
    }

    private sealed class Progress(Action<DatasetProgress> tell, SampleCounts before)
    {
        private readonly Lock _gate = new();
        private DatasetProgress _now = new() { Settled = before.Settled, Total = before.Total };

        public void Say(string? detail)
        {
            lock (_gate)
            {
                if (_now.Detail != detail)
                {
                    tell(_now = _now with { Detail = detail });
                }
            }
        }

        public void Settled(long settled)
        {
            lock (_gate)
            {
                tell(_now = _now with { Settled = settled });
            }
        }
    }

    private sealed class Settled(Progress progress, Action<string> forget) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            progress.Settled(value.Done + value.Quarantined);
            if (value.Error is null)
            {
                forget(value.Sample);
            }
        }
    }
}

internal static partial class DatasetLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "the record of sample {Sample} stays in the grain storage: {Reason}")]
    public static partial void NotForgotten(ILogger log, string sample, string reason);
}
