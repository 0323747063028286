using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Coordination;

/// <summary>Batches that a plan fixed once: their size hangs on the memory that was free then, and must not change when a run goes on.</summary>
public static class FixedBatches
{
    /// <summary>The size of the batches that a stage's samples were enqueued in; null where none were.</summary>
    public static async Task<int?> SizeAsync(ILedger ledger, string run, string stage, CancellationToken cancel = default)
    {
        int size = 0;
        long after = -1;
        IReadOnlyList<SampleRow> page;
        do
        {
            page = await ledger.SamplesAsync(run, stage, new SampleQuery(After: after), cancel);
            size += page.Count(row => row.Batch == 0);
            after = page.Count > 0 ? page[^1].Ordinal : after;
        }
        while (page.Count > 0 && page[^1].Batch == 0);

        return size > 0 ? size : null;
    }
}
