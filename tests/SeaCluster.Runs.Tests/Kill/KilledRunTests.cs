namespace SeaCluster.Runs.Tests.Kill;

public sealed class KilledRunTests() : KilledRuns(ledger: null)
{
    [Fact]
    public Task Killed_at_twenty_five_random_moments_it_ends_as_if_undisturbed() => KilledAtRandomMomentsAsync(25);

    [Fact]
    public Task Killed_at_every_fault_point_it_ends_as_if_undisturbed() => KilledAtEveryFaultPointAsync();

    [Fact]
    public Task A_frozen_worker_that_comes_back_changes_nothing() => FrozenAndBackAsync();

    [Fact]
    public Task Workers_of_one_ledger_are_killed_and_the_last_one_finishes_everything() => WorkersOfOneLedgerAsync();

    [Fact]
    public Task The_run_folders_lock_names_its_holder_and_dies_with_it() => LockedAsync();
}
