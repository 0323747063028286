using System.Text.Json.Nodes;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Coordination;

/// <summary>A stage that is a set of samples: enqueues them, and works on them until all are settled.</summary>
/// <param name="name">Which stage.</param>
/// <param name="plan">The samples in their order; the same for the same run, however often it is asked.</param>
/// <param name="processor">Makes the lane; only called when there is work, so that a model is not loaded for nothing.</param>
/// <param name="skip">Why there is nothing to do for a spec, or null where there is.</param>
/// <param name="results">How a result's file is looked into; null: only its bytes count.</param>
/// <param name="elsewhere">Has the enqueued samples worked off by others, and returns when all are settled; null: here, or by workers as the spec says.</param>
public sealed class SampleStage(
    StageName name,
    Func<RunContext, CancellationToken, IAsyncEnumerable<NewSample>> plan,
    Func<RunContext, CancellationToken, Task<ISampleProcessor>> processor,
    Func<RunContext, string?>? skip = null,
    ISampleResults? results = null,
    Func<RunContext, CancellationToken, Task>? elsewhere = null) : IStage
{
    private const int Page = 500;
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    // Longer than any file takes to write.
    private static readonly TimeSpan s_quiet = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public StageName Name => name;

    /// <inheritdoc/>
    public async Task<StageOutcome> RunAsync(RunContext context, CancellationToken stop)
    {
        if (skip?.Invoke(context) is { } reason)
        {
            return StageOutcome.Skipped(reason);
        }

        string stage = name.Text();
        await EnqueueAsync(context, stage, stop);
        SampleCounts counts = await context.Ledger.CountsAsync(context.Run, stage, stop);
        context.Report(counts.Settled, counts.Total);
        if (counts.Settled < counts.Total)
        {
            if (elsewhere is not null)
            {
                await elsewhere(context, stop);
            }
            else if (context.Spec.Work.Local)
            {
                await WorkAsync(context, stop);
            }
            else
            {
                await WatchAsync(context, stage, stop);
            }

            counts = await context.Ledger.CountsAsync(context.Run, stage, stop);
        }

        await SweepAsync(context, stage, stop);
        if (counts is { Done: 0, Total: > 0 })
        {
            SampleRow first = (await context.Ledger.SamplesAsync(context.Run, stage, new SampleQuery(SampleState.Quarantined, Limit: 1), stop))[0];
            throw new SeaException($"all {counts.Total} samples failed; the first: {first.Id}: {first.Error}", "mend the cause, then 'sea retry' puts them back");
        }

        return new StageOutcome(
            counts.Quarantined > 0 ? StageState.Partly : StageState.Done,
            new JsonObject { ["done"] = counts.Done, ["quarantined"] = counts.Quarantined });
    }

    /// <summary>The stage's samples in their order.</summary>
    public IAsyncEnumerable<NewSample> PlannedAsync(RunContext context, CancellationToken cancel) => plan(context, cancel);

    /// <summary>Computes samples that are done once more, and compares. A fixed batch is computed whole, as it was.</summary>
    /// <param name="context">The run, in this stage.</param>
    /// <param name="rows">Done samples.</param>
    /// <param name="scratch">A folder for what is made; the caller's to delete.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>Each sample with its comparison, or with why there is none.</returns>
    public async IAsyncEnumerable<(SampleRow Sample, SampleComparison? Comparison, string? Error)> RecomputeAsync(
        RunContext context, IReadOnlyList<SampleRow> rows, string scratch, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        ISampleResults compare = results ?? throw new InvalidOperationException($"results of {name.Text()} cannot be compared");
        Dictionary<string, SampleRow> byId = rows.ToDictionary(row => row.Id, StringComparer.Ordinal);
        SecondRound queue = await SecondRound.OfAsync(context, rows, cancel);
        ISampleProcessor lane = await OpenLaneAsync(context, cancel);
        await using OwnedProcessor owned = new(lane);
        await foreach (SampleResult result in lane.RunAsync(queue, cancel).WithCancellation(cancel))
        {
            if (!byId.Remove(result.Sample.Id, out SampleRow? row))
            {
                continue;
            }

            string? error = result.Error ?? (result.Content is null || row.Artifact is null ? "has no file to compare" : null);
            if (error is not null)
            {
                yield return (row, null, error);
                continue;
            }

            string again = Path.Combine(scratch, $"{row.Ordinal}");
            using (FileStream file = File.Create(again))
            {
                result.Content!(file);
            }

            yield return (row, compare.Compare(await context.Artifacts.FetchAsync(row.Artifact!, cancel), again), null);
        }

        foreach (SampleRow row in byId.Values)
        {
            yield return (row, null, "the processor ended without a result for it");
        }
    }

    /// <summary>What is wrong with a done sample's file, beyond its hash; null where nothing is.</summary>
    public string? Inspect(SampleRow sample, string path) => results?.Inspect(sample, path);

    private async Task EnqueueAsync(RunContext context, string stage, CancellationToken stop)
    {
        List<NewSample> page = new(Page);
        await foreach (NewSample sample in plan(context, stop).WithCancellation(stop))
        {
            page.Add(sample);
            if (page.Count == Page)
            {
                await context.Ledger.EnqueueAsync(context.Run, stage, context.SpecHash, page, stop);
                page.Clear();
            }
        }

        await context.Ledger.EnqueueAsync(context.Run, stage, context.SpecHash, page, stop);
    }

    /// <summary>Works on the stage's samples beside whoever else does, until all are settled or it is asked to end.</summary>
    /// <param name="context">The run, in this stage.</param>
    /// <param name="stop">Asks to end at once: unfinished samples are given back.</param>
    /// <param name="drain">Asks to finish what is in hand and to take no more.</param>
    public async Task<WorkOutcome> JoinAsync(RunContext context, CancellationToken stop, CancellationToken drain = default)
    {
        ISampleProcessor lane = await OpenLaneAsync(context, stop);
        await using OwnedProcessor owned = new(lane);
        Worker worker = new(context.Ledger, context.Artifacts, WorkerOptions.From(context.Spec.Work), context.Time);
        return await worker.RunAsync(context.Run, name.Text(), lane, new Forward(context), stop, drain);
    }

    /// <summary>Makes the lane that this machine works on the stage's samples with; whoever asked for it disposes it.</summary>
    public Task<ISampleProcessor> OpenLaneAsync(RunContext context, CancellationToken stop) => processor(context, stop);

    private async Task WorkAsync(RunContext context, CancellationToken stop)
    {
        if ((await JoinAsync(context, stop)).End == WorkEnd.Interrupted)
        {
            throw new OperationCanceledException(stop);
        }
    }

    // Others do the work: all there is to do is to look how far they are.
    private static async Task WatchAsync(RunContext context, string stage, CancellationToken stop)
    {
        while (await context.Ledger.NextAvailableAsync(context.Run, stage, stop) is not null)
        {
            SampleCounts counts = await context.Ledger.CountsAsync(context.Run, stage, stop);
            context.Report(counts.Settled, counts.Total, counts.Leased == 0 ? "no worker has a sample: start 'sea worker'" : null);
            await Task.Delay(s_look, context.Time, stop);
        }
    }

    private static async Task SweepAsync(RunContext context, string stage, CancellationToken stop)
    {
        HashSet<string> kept = [.. (await context.Ledger.ArtifactsAsync(context.Run, cancel: stop)).Select(artifact => artifact.Name)];
        int gone = await context.Artifacts.SweepAsync(Folders.RunFolder.EmbeddingsName, kept, Folders.RunLedger.InDatabase(context.Folder) is null ? TimeSpan.Zero : s_quiet, stop);
        if (gone > 0)
        {
            await context.Ledger.AppendEventAsync(context.Run, new NewEvent("leavings_swept", stage, Detail: EventDetail.Of("files", gone)), stop);
        }
    }

    private sealed class Forward(RunContext context) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => context.Report(
            value.Done + value.Quarantined, value.Total, value.Error is null ? value.Sample : $"{value.Sample}: {value.Error}");
    }
}
