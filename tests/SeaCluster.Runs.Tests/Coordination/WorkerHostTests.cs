using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Tests.Coordination;

public sealed class WorkerHostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // The real clock: a clock that tests move would run away from the leases while two processes look at it in turn.
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly List<WorkerNotice> _notices = [];
    private readonly TaskCompletionSource<WorkerNotice.SetAside> _aside = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_that_leaves_its_samples_to_workers_ends_by_their_work()
    {
        List<string> own = [], worker = [];
        Task<RunOutcome> run = RunAsync(new FakeRun(own.Add), "study/one");
        await using WorkerHost host = Host(new FakeRun(worker.Add));
        using CancellationTokenSource drain = new();
        Task working = host.RunAsync(CancellationToken.None, drain.Token);

        (await BothAsync(run, working)).State.ShouldBe(RunState.Done);
        await drain.CancelAsync();
        await working;

        own.ShouldNotContain("lane");
        worker.Count(line => line.StartsWith("begin", StringComparison.Ordinal)).ShouldBe(12);
        _notices.OfType<WorkerNotice.Joined>().ShouldHaveSingleItem().Stage.ShouldBe(StageName.Synthesize);
        WorkerNotice.Left left = _notices.OfType<WorkerNotice.Left>().ShouldHaveSingleItem();
        (left.Folder.Path, left.Outcome).ShouldBe((_folder.PathOf("runs/study/one"), new WorkOutcome(WorkEnd.Settled, 12, 0, 0)));
        _notices.OfType<WorkerNotice.Told>().Select(told => told.Notice).OfType<RunNotice.StageAdvanced>().Last().Done.ShouldBe(12);
    }

    [Fact]
    public async Task What_cannot_be_worked_on_is_named_and_the_others_go_on()
    {
        Task<RunOutcome> run = RunAsync(new FakeRun(), "good");
        Directory.CreateDirectory(_folder.PathOf("runs/broken"));
        File.WriteAllText(_folder.PathOf("runs/broken/ledger.json"), "{");
        await using WorkerHost host = Host(new FakeRun());
        using CancellationTokenSource drain = new();
        Task working = host.RunAsync(CancellationToken.None, drain.Token);

        (await BothAsync(run, working)).State.ShouldBe(RunState.Done);
        await drain.CancelAsync();
        await working;

        _notices.OfType<WorkerNotice.SetAside>().First().Reason.ShouldStartWith($"{_folder.PathOf("runs/broken/ledger.json")}: expected");
        _notices.OfType<WorkerNotice.Left>().ShouldHaveSingleItem().Outcome.Done.ShouldBe(12);
    }

    [Fact]
    public async Task Options_that_decide_results_cannot_differ_here()
    {
        using CancellationTokenSource stop = new();
        Task<RunOutcome> run = RunAsync(new FakeRun(), "one", stop.Token);
        await using WorkerHost host = Host(new FakeRun(), new KeyValuePair<string, string>("synthesize.steps", "3"));
        using CancellationTokenSource drain = new();
        Task working = host.RunAsync(CancellationToken.None, drain.Token);

        await _aside.Task;
        await drain.CancelAsync();
        await working;
        await stop.CancelAsync();
        (await run).State.ShouldBe(RunState.Interrupted);

        (await _aside.Task).Reason.ShouldBe($"{_folder.PathOf("runs/one")}: what decides results cannot differ on one machine:\n  synthesize.steps: 60 -> 3");
    }

    [Fact]
    public async Task A_host_that_runs_once_ends_where_there_is_nothing_to_do_and_a_missing_folder_is_wrong_use()
    {
        Directory.CreateDirectory(_folder.PathOf("runs/empty"));
        await using WorkerHost host = Host(new FakeRun(), once: true);
        await host.RunAsync(CancellationToken.None, CancellationToken.None);
        _notices.ShouldBeEmpty();

        await using WorkerHost nowhere = new(new WorkerHostOptions { Root = _folder.PathOf("nowhere") }, [], _time, _ => { });
        SeaException error = await Should.ThrowAsync<SeaException>(() => nowhere.RunAsync(CancellationToken.None, CancellationToken.None));
        (error.Message, error.WrongUse).ShouldBe(($"{_folder.PathOf("nowhere")}: no such folder", true));
    }

    // A host that fails ends the test, instead of leaving the run to wait for it.
    private static async Task<RunOutcome> BothAsync(Task<RunOutcome> run, Task working)
    {
        await await Task.WhenAny(run, working);
        return await run;
    }

    private Task<RunOutcome> RunAsync(FakeRun run, string name, CancellationToken stop = default)
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 12);
        RunSpec read = SpecReader.Load(spec, [new("work.local", "false"), new("work.lease", "1h")]);
        return Task.Run(() => run.Engine(_time).RunAsync(new RunFolder(_folder.PathOf($"runs/{name}")), read, null, stop));
    }

    private WorkerHost Host(FakeRun run, params KeyValuePair<string, string>[] overrides) => Host(run, once: false, overrides);

    private WorkerHost Host(FakeRun run, bool once, params KeyValuePair<string, string>[] overrides) => new(
        new WorkerHostOptions { Root = Directory.CreateDirectory(_folder.PathOf("runs")).FullName, Overrides = overrides, Once = once },
        [run.Synthesize()],
        _time,
        notice =>
        {
            lock (_notices)
            {
                _notices.Add(notice);
            }

            if (notice is WorkerNotice.SetAside aside)
            {
                _aside.TrySetResult(aside);
            }
        });
}
