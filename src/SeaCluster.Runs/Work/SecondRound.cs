using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Work;

/// <summary>A queue of samples that are done, to be computed once more beside the ledger: nothing is leased and nothing is recorded.</summary>
internal sealed class SecondRound : ISampleQueue
{
    private readonly Queue<WorkSample> _samples;
    private readonly Queue<WorkBatch> _batches;

    private SecondRound(IEnumerable<WorkSample> samples, IEnumerable<WorkBatch> batches) => (_samples, _batches) = (new(samples), new(batches));

    /// <summary>The queue over some samples; those of a fixed batch with the batch's others as companions.</summary>
    public static async Task<SecondRound> OfAsync(RunContext context, IReadOnlyList<SampleRow> rows, CancellationToken cancel)
    {
        List<WorkBatch> batches = [];
        int size = rows.Any(row => row.Batch is not null) ? await FixedBatches.SizeAsync(context.Ledger, context.Run, context.Stage.Text(), cancel) ?? 0 : 0;
        foreach (IGrouping<int, SampleRow> batch in rows.Where(row => row.Batch is not null).GroupBy(row => row.Batch!.Value))
        {
            // A batch's samples stand side by side.
            SampleQuery around = new(After: batch.Min(row => row.Ordinal) - size, Limit: (2 * size) + 1);
            HashSet<string> chosen = [.. batch.Select(row => row.Id)];
            IReadOnlyList<SampleRow> near = await context.Ledger.SamplesAsync(context.Run, context.Stage.Text(), around, cancel);
            batches.Add(new WorkBatch(batch.Key, [.. batch.Select(Work)], [.. near.Where(row => row.Batch == batch.Key && !chosen.Contains(row.Id))]));
        }

        return new SecondRound(rows.Where(row => row.Batch is null).Select(Work), batches);
    }

    public ValueTask<IReadOnlyList<WorkSample>> TakeAsync(int count, bool wait, CancellationToken cancel)
    {
        List<WorkSample> taken = [];
        while (taken.Count < count && _samples.TryDequeue(out WorkSample? sample))
        {
            taken.Add(sample);
        }

        return ValueTask.FromResult<IReadOnlyList<WorkSample>>(taken);
    }

    public ValueTask<WorkBatch?> TakeBatchAsync(CancellationToken cancel) => ValueTask.FromResult(_batches.TryDequeue(out WorkBatch? batch) ? batch : null);

    private static WorkSample Work(SampleRow row) => new(new Lease(row.Id, row.Token, row.Attempts, row.Ordinal, row.Batch, row.SpecHash, row.Input, DateTimeOffset.MaxValue));
}
