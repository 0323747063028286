using Orleans;
using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Grains;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Orleans.Training;

/// <summary>What a trainer grain has done: the run engine of <c>sea run</c>, whose samples go to the dataset grain.</summary>
internal sealed class TrainerWork(IGrainFactory grains, SiloRuns runs, TimeProvider time)
{
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(500);

    /// <returns>Whether nothing is left to go on with: the run is done, partly done or failed; false when it was stopped.</returns>
    /// <exception cref="SeaException">The run cannot be opened.</exception>
    public async Task<bool> RunAsync(RunReference run, Action<TrainerProgress> tell, CancellationToken stop)
    {
        RunFolder folder = runs.FolderOf(run);
        await runs.RequireAsync(run, stop);
        // The lock dies with the process that held it; a silo that was declared dead ends itself as soon as it hears of that.
        while (RunLock.HolderOf(folder) is { } holder)
        {
            tell(new TrainerProgress { Detail = $"waiting for {holder}" });
            await Task.Delay(s_again, time, stop);
        }

        RunEngine engine = new(runs.Stages((context, cancel) => GatherAsync(run, context, cancel)), time);
        RunOutcome outcome = await engine.RunAsync(folder, null, new Notices(tell), stop);
        return outcome.State != RunState.Interrupted;
    }

    private async Task GatherAsync(RunReference run, RunContext context, CancellationToken stop)
    {
        IDatasetGrain dataset = grains.GetGrain<IDatasetGrain>(run.Run);
        try
        {
            while (await context.Ledger.NextAvailableAsync(context.Run, context.Stage.Text(), stop) is not null)
            {
                if (await WatchAsync(dataset, run, context, stop) is { Error: { } error } last)
                {
                    throw new SeaException(error, last.Hint);
                }

                await Task.Delay(s_again, time, stop);
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // Whatever a call broke off with: it was asked to stop, and a stopped stage has not failed.
            await dataset.StopAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new OperationCanceledException(stop);
        }
    }

    // Where the dataset grain's silo dies the call breaks off, and the next one finds the grain elsewhere.
    private static async Task<DatasetProgress?> WatchAsync(IDatasetGrain dataset, RunReference run, RunContext context, CancellationToken stop)
    {
        DatasetProgress? last = null;
        try
        {
            await dataset.StartAsync(run, stop);
            await foreach (DatasetProgress progress in dataset.WatchAsync(stop).WithCancellation(stop))
            {
                last = progress;
                if (progress.Total > 0)
                {
                    context.Report(progress.Settled, progress.Total, progress.Detail);
                }
            }
        }
        catch (Exception error) when (!stop.IsCancellationRequested)
        {
            context.Report(last?.Settled ?? 0, Math.Max(1, last?.Total ?? 1), $"asking again: {Reasons.Of(error)}");
            return null;
        }

        return last;
    }

    private sealed class Notices(Action<TrainerProgress> tell) : IProgress<RunNotice>
    {
        public void Report(RunNotice value)
        {
            string stage = value.Stage.Text();
            switch (value)
            {
                case RunNotice.StageStarted:
                    tell(new TrainerProgress { Stage = stage });
                    break;
                case RunNotice.StageAdvanced advanced:
                    tell(new TrainerProgress { Stage = stage, Done = advanced.Done, Total = advanced.Total, Detail = advanced.Detail });
                    break;
                case RunNotice.LedgerAway away:
                    tell(new TrainerProgress { Detail = $"the ledger is away: {away.Reason}" });
                    break;
            }
        }
    }
}
