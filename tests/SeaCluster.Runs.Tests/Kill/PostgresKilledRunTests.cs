using SeaCluster.Runs.Tests.Ledgers;
using SeaCluster.Tests;

namespace SeaCluster.Runs.Tests.Kill;

[Collection(PostgresServer.Collection)]
public sealed class PostgresKilledRunTests(PostgresServer server) : KilledRuns(server.Text($"k{Guid.NewGuid():N}"[..12]))
{
    [RequiresFact(PostgresServer.Needed)]
    public Task Killed_at_six_random_moments_it_ends_as_if_undisturbed() => KilledAtRandomMomentsAsync(6);

    [RequiresFact(PostgresServer.Needed)]
    public Task Killed_at_every_fault_point_it_ends_as_if_undisturbed() => KilledAtEveryFaultPointAsync();

    [RequiresFact(PostgresServer.Needed)]
    public Task A_frozen_worker_that_comes_back_changes_nothing() => FrozenAndBackAsync();

    [RequiresFact(PostgresServer.Needed)]
    public Task Workers_of_one_ledger_are_killed_and_the_last_one_finishes_everything() => WorkersOfOneLedgerAsync();
}
