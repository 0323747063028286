using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;

namespace SeaCluster.Runs.Tests.Coordination;

public sealed class FixedBatchesTests
{
    [Theory]
    [InlineData(0, 8, null)]
    [InlineData(5, 8, 5)]
    [InlineData(30, 8, 8)]
    [InlineData(2500, 1100, 1100)]
    public async Task The_size_is_that_of_the_first_enqueueing(int samples, int batch, int? expected)
    {
        using TemporaryFolder folder = new();
        await using SqliteLedger ledger = SqliteLedger.Open(folder.PathOf("ledger.db"), new SignallingTime());
        await ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        await ledger.EnqueueAsync("run", "synthesize", "hash", [.. Enumerable.Range(0, samples).Select(n => new NewSample($"s{n}", "{}", n / batch))]);

        (await FixedBatches.SizeAsync(ledger, "run", "synthesize")).ShouldBe(expected);
    }

    [Fact]
    public async Task Samples_without_batches_have_no_size()
    {
        using TemporaryFolder folder = new();
        await using SqliteLedger ledger = SqliteLedger.Open(folder.PathOf("ledger.db"), new SignallingTime());
        await ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        await ledger.EnqueueAsync("run", "synthesize", "hash", [new NewSample("s0", "{}")]);

        (await FixedBatches.SizeAsync(ledger, "run", "synthesize")).ShouldBeNull();
    }
}
