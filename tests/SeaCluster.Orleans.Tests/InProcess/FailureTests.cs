using System.Diagnostics;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Orleans.Tests.InProcess;

public sealed class FailureTests
{
    /// <summary>What a cluster may take to go on after a silo died.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_GPU_silo_that_dies_under_load_costs_no_result_and_none_is_counted_twice()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new() { Gpus = 3 });
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 80);
        Moment underLoad = new(notice => notice is RunNotice.StageAdvanced { Stage: StageName.Synthesize, Done: >= 15 });
        Task<RunOutcome> following = cluster.FollowAsync(run, underLoad.On);
        await underLoad.Task;
        string victim = cluster.SilosOf(SiloRole.Gpu).First();

        await cluster.KillAsync(victim);

        (await following).State.ShouldBe(RunState.Done);
        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
        cluster.LongestPause().ShouldBeLessThan(Recovery);
    }

    [Fact]
    public async Task A_GPU_silo_that_joins_gets_its_share()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new() { Gpus = 1 });
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 160);
        Moment underLoad = new(notice => notice is RunNotice.StageAdvanced { Stage: StageName.Synthesize, Done: >= 10 });
        Task<RunOutcome> following = cluster.FollowAsync(run, underLoad.On);
        await underLoad.Task;

        string added = await cluster.AddAsync(SiloRole.Gpu);

        (await following).State.ShouldBe(RunState.Done);
        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
        cluster.Lines.Count(each => each.Silo == added && each.Line.StartsWith("begin ", StringComparison.Ordinal)).ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task A_trainer_silo_that_dies_while_samples_are_worked_on_is_followed_by_another()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new() { Trainers = 2 });
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 80);
        Moment underLoad = new(notice => notice is RunNotice.StageAdvanced { Stage: StageName.Synthesize, Done: >= 15 });
        Task<RunOutcome> following = cluster.FollowAsync(run, underLoad.On);
        await underLoad.Task;

        await cluster.KillAsync(cluster.Driver());

        (await following).State.ShouldBe(RunState.Done);
        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
        cluster.LongestPause().ShouldBeLessThan(Recovery);
    }

    [Fact]
    public async Task A_trainer_silo_that_dies_in_the_middle_of_the_training_is_followed_by_another_that_goes_on_from_the_checkpoint()
    {
        TaskCompletionSource training = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int starts = 0;
        await using SiloCluster cluster = await SiloCluster.StartAsync(new()
        {
            Trainers = 2,
            DuringAlign = async (_, stop) =>
            {
                if (Interlocked.Increment(ref starts) == 1)
                {
                    training.SetResult();
                    await Task.Delay(Timeout.Infinite, stop);
                }
            },
        });
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 12);
        Task<RunOutcome> following = cluster.FollowAsync(run);
        await training.Task;
        string victim = cluster.Driver();

        Stopwatch clock = Stopwatch.StartNew();
        await cluster.KillAsync(victim);

        (await following).State.ShouldBe(RunState.Done);
        clock.Elapsed.ShouldBeLessThan(Recovery);
        starts.ShouldBe(2);
        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
        cluster.Lines.Where(each => each.Line.StartsWith("align", StringComparison.Ordinal)).Select(each => each.Silo).Distinct(StringComparer.Ordinal).ShouldNotContain(victim);
    }

    [Fact]
    public async Task With_nobody_watching_the_reminder_goes_on_with_a_run_whose_silo_died()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new() { Trainers = 2 });
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 60);
        Moment underLoad = new(notice => notice is RunNotice.StageAdvanced { Stage: StageName.Synthesize, Done: >= 15 });
        await cluster.LeaveAsync(run, underLoad);

        await cluster.KillAsync(cluster.Driver());

        await SiloCluster.SettledAsync(run.Folder);
        cluster.LongestPause().ShouldBeLessThan(Recovery);
        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
    }

    [Fact]
    public async Task Storage_that_fails_now_and_then_delays_and_loses_nothing()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new());
        int accesses = 0;
        cluster.Storage.Before = (_, _) =>
        {
            if (Interlocked.Increment(ref accesses) % 5 == 0)
            {
                throw new IOException("the storage is away");
            }
        };
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 60);

        (await cluster.FollowAsync(run)).State.ShouldBe(RunState.Done);

        accesses.ShouldBeGreaterThan(100);
        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
        cluster.Begun.Distinct(StringComparer.Ordinal).Count().ShouldBe(60);
    }

    [Fact]
    public async Task A_slow_lane_gets_less_and_holds_nobody_up()
    {
        string? slow = null;
        await using SiloCluster cluster = await SiloCluster.StartAsync(new()
        {
            Gpus = 2,
            Tick = (silo, cancel) => Task.Delay(Interlocked.CompareExchange(ref slow, silo, null) is null || slow == silo ? 200 : 10, cancel),
        });
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 120);

        (await cluster.FollowAsync(run)).State.ShouldBe(RunState.Done);

        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
        int bySlow = cluster.Lines.Count(each => each.Silo == slow && each.Line.StartsWith("begin ", StringComparison.Ordinal));
        bySlow.ShouldBeInRange(4, 40);
        cluster.Begun.Count().ShouldBe(120);
    }

    [Fact]
    public async Task A_run_that_is_stopped_gives_its_samples_back_and_goes_on_later()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new());
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 60);
        using CancellationTokenSource stop = new();
        Moment underLoad = new(notice => notice is RunNotice.StageAdvanced { Stage: StageName.Synthesize, Done: >= 15 });
        Task<RunOutcome> following = cluster.FollowAsync(run, underLoad.On, stop.Token);
        await underLoad.Task;

        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => following);

        IReadOnlyList<SampleRow> samples = await Results.SamplesAsync(run.Folder);
        samples.Where(row => row.State == SampleState.Leased).ShouldBeEmpty();
        samples.Count(row => row.State == SampleState.Pending).ShouldBeGreaterThan(0);
        cluster.Reminders.Rows.ShouldBeEmpty();
        (await cluster.FollowAsync(run)).State.ShouldBe(RunState.Done);
        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
    }

    [Fact]
    public async Task A_silo_that_cannot_open_a_lane_is_passed_over()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new() { Broken = silo => silo == 1 });
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 30);
        (await cluster.FollowAsync(run)).State.ShouldBe(RunState.Done);
        await run.Folder.ShouldEqualAsync(await cluster.UndisturbedAsync("one"));
    }

    [Fact]
    public async Task Where_no_silo_can_open_a_lane_the_run_fails_with_the_reason_and_its_samples_keep_their_attempts()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(new() { Broken = _ => true });
        (RunFolder Folder, string Run) run = await cluster.BeginAsync("one", rows: 30);
        using CancellationTokenSource enough = new(TimeSpan.FromMinutes(1));

        RunOutcome outcome = await cluster.FollowAsync(run, stop: enough.Token);

        (outcome.State, outcome.Error!.Message).ShouldSatisfyAllConditions(
            end => end.State.ShouldBe(RunState.Failed), end => end.Message.ShouldContain("no device here"));
        (await Results.SamplesAsync(run.Folder)).ShouldAllBe(row => row.State == SampleState.Pending || row.State == SampleState.Failed);
    }
}
