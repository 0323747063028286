using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Orleans.Tests.InProcess;

public sealed class ClusterTests
{
    [Fact]
    public async Task A_run_in_a_cluster_equals_one_without()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new());
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 40);

        RunOutcome outcome = await cluster.FollowAsync(run);

        outcome.State.ShouldBe(RunState.Done, outcome.Error?.Message);
        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
        cluster.Begun.Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, 40).Select(n => $"row-{n}").Order(StringComparer.Ordinal));
        ILookup<string, string> lanes = cluster.Lines.Where(each => each.Line.StartsWith("begin ", StringComparison.Ordinal)).ToLookup(each => each.Silo, each => each.Line);
        lanes.Select(lane => lane.Key).Order(StringComparer.Ordinal).ShouldBe(cluster.SilosOf(SiloRole.Gpu).Order(StringComparer.Ordinal));
        lanes.ShouldAllBe(lane => lane.Count() >= 10);
        cluster.Lines.Where(each => each.Line.StartsWith("align", StringComparison.Ordinal)).Select(each => each.Silo).Distinct(StringComparer.Ordinal)
            .ShouldBe(cluster.SilosOf(SiloRole.Trainer));
        cluster.Reminders.Rows.ShouldBeEmpty();
        cluster.Storage.Rows.Keys.Where(key => key.Name == "sample").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_bad_sample_is_quarantined_and_one_that_fails_once_is_tried_again()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new());
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 12, bad: "row-3", flaky: "row-7");

        RunOutcome outcome = await cluster.FollowAsync(run);

        (outcome.State, outcome.Quarantined).ShouldBe((RunState.Partly, 1));
        IReadOnlyList<SampleRow> samples = await Results.SamplesAsync(run.Folder);
        samples.Single(row => row.State == SampleState.Quarantined).ShouldSatisfyAllConditions(
            row => row.Id.ShouldBe("row-3"), row => row.Error.ShouldBe("loss is NaN at step 2"));
        samples.Single(row => row.Id == "row-7").ShouldSatisfyAllConditions(row => row.State.ShouldBe(SampleState.Done), row => row.Failures.ShouldBe(1));
    }
}
