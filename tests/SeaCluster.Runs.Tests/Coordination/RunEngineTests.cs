using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Status;

namespace SeaCluster.Runs.Tests.Coordination;

public sealed class RunEngineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SignallingTime _time = new();
    private readonly List<string> _said = [];
    private readonly List<RunNotice> _notices = [];

    public void Dispose() => _folder.Dispose();

    private RunFolder Out => new(_folder.PathOf("out"));

    [Fact]
    public async Task A_run_goes_through_its_stages_and_leaves_the_run_folder()
    {
        RunOutcome outcome = await RunAsync(FakeRun.Write(_folder.PathOf("in"), 5));

        (outcome.State, outcome.ExitCode, outcome.Quarantined, outcome.Error).ShouldBe((RunState.Done, 0, 0, null));
        outcome.Stages.Select(row => (row.Stage, row.State)).ShouldBe([
            ("prepare", StageState.Done), ("synthesize", StageState.Done), ("align", StageState.Done), ("evaluate", StageState.Done), ("report", StageState.Done)]);
        Directory.GetFileSystemEntries(Out.Path).Select(Path.GetFileName).Where(name => name![0] != '.').Order(StringComparer.Ordinal)
            .ShouldBe(["adapter", "embeddings", "evaluation", "events.jsonl", "ledger.db", "prepared.jsonl", "report.html", "spec.yaml"]);
        Directory.GetFiles(Out.Embeddings).Length.ShouldBe(5);
        _notices.OfType<RunNotice.StageSettled>().Select(notice => notice.Stage).ShouldBe(StageNames.All);
        File.ReadAllLines(Out.Events).Select(line => line.Split("\"kind\":\"")[1].Split('"')[0]).ShouldBe([
            "run_created", "run_running", "stage_running", "stage_done", "stage_running", "stage_done", "stage_running", "stage_done",
            "stage_running", "stage_done", "stage_running", "stage_done", "run_done"]);
        SpecHash.Of(SpecReader.LoadFrozen(Out.Spec)).ShouldBe(SpecHash.Of(SpecReader.Load(_folder.PathOf("in", "run.yaml"))));
    }

    [Fact]
    public async Task A_run_that_is_done_is_left_as_it_is()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 3);
        await RunAsync(spec);
        DateTime written = File.GetLastWriteTimeUtc(Out.Report);
        _said.Clear();

        (await RunAsync(spec)).State.ShouldBe(RunState.Done);
        (await RunAsync(null)).State.ShouldBe(RunState.Done);
        _said.ShouldBeEmpty();
        File.GetLastWriteTimeUtc(Out.Report).ShouldBe(written);
    }

    [Fact]
    public async Task Bad_rows_end_in_quarantine_and_retry_does_them_and_all_that_is_built_on_them()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 4, bad: "row-2");
        RunOutcome outcome = await _time.Drive(RunAsync(spec), TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(10));
        (outcome.State, outcome.ExitCode, outcome.Quarantined).ShouldBe((RunState.Partly, 3, 1));
        RunStatus status = await RunStatusReader.ReadAsync(Out, _time);
        status.Quarantined.Single().ShouldBe(new QuarantinedSample(
            StageName.Synthesize, "row-2", 3, "loss is NaN at step 2", """{"id":"row-2","phrase":"bad row-2"}""", status.Quarantined.Single().Since));
        status.Stages[1].Samples.ShouldBe(new SampleCounts(0, 0, 0, 3, 1));

        (await Should.ThrowAsync<SeaException>(() => RunRetry.RetryAsync(Out, ["row-9", "row-2"], _time))).Message.ShouldBe($"{Out.Path}: not in quarantine: row-9");
        (await RunRetry.RetryAsync(Out, ["row-2"], _time)).ShouldBe(new PutBack(1, 0));
        status = await RunStatusReader.ReadAsync(Out, _time);
        (status.State, status.Message).ShouldBe((RunState.Interrupted, "synthesize is to be done again"));
        status.Stages.Select(stage => stage.State).ShouldBe([StageState.Done, StageState.Pending, StageState.Pending, StageState.Pending, StageState.Pending]);
        (await RunRetry.RetryAsync(Out, null, _time)).ShouldBe(new PutBack(0, 0));
    }

    [Fact]
    public async Task When_every_sample_fails_the_stage_fails_and_says_why()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 1, bad: "row-0");
        RunOutcome outcome = await RunAsync(spec, ("work.attempts", "1"));
        (outcome.State, outcome.ExitCode).ShouldBe((RunState.Failed, 1));
        outcome.Error!.Message.ShouldBe("all 1 samples failed; the first: row-0: loss is NaN at step 2");
        (await RunStatusReader.ReadAsync(Out, _time)).Message.ShouldBe("synthesize: all 1 samples failed; the first: row-0: loss is NaN at step 2");
    }

    [Fact]
    public async Task A_failed_stage_is_tried_again_and_the_stages_before_it_are_not()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 3);
        RunOutcome failed = await RunAsync(spec, new FakeRun(_said.Add) { DuringAlign = (_, _) => throw new InvalidOperationException("loss is NaN") });
        (failed.State, failed.ExitCode, failed.Stages[^1].Error).ShouldBe((RunState.Failed, 1, "InvalidOperationException: loss is NaN"));
        _said.ShouldContain("lane");
        _said.Clear();

        (await RunAsync(spec)).State.ShouldBe(RunState.Done);
        _said.ShouldNotContain("lane", "no model is loaded where nothing is to do");
        _said.ShouldContain("align 0");
    }

    [Fact]
    public async Task A_stopped_run_says_so_and_goes_on_where_it_was()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 3);
        using CancellationTokenSource stop = new();
        RunOutcome stopped = await new FakeRun(line =>
        {
            _said.Add(line);
            if (line == "align 24")
            {
                stop.Cancel();
            }
        }).Engine(_time).RunAsync(Out, SpecReader.Load(spec), null, stop.Token);
        (stopped.State, stopped.ExitCode).ShouldBe((RunState.Interrupted, 130));
        _said.Clear();

        (await RunAsync(spec)).State.ShouldBe(RunState.Done);
        _said[0].ShouldBe("align 20", "the last checkpoint");
        _said.ShouldNotContain("begin row-0");
    }

    [Fact]
    public async Task A_run_that_is_stopped_before_it_begins_is_resumable()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 3);
        using CancellationTokenSource stop = new();
        RunOutcome stopped = await new FakeRun().Engine(_time).RunAsync(Out, SpecReader.Load(spec), new Notices(_ => stop.Cancel()), stop.Token);
        stopped.State.ShouldBe(RunState.Interrupted);
        (await RunAsync(spec)).State.ShouldBe(RunState.Done);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_embedding_that_is_torn_or_gone_is_made_again_with_all_that_is_built_on_it(bool delete)
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 4);
        await RunAsync(spec);
        string report = File.ReadAllText(Out.Report);
        string torn = Directory.GetFiles(Out.Embeddings, "row-1-*").Single();
        byte[] whole = File.ReadAllBytes(torn);
        if (delete)
        {
            File.Delete(torn);
        }
        else
        {
            File.WriteAllBytes(torn, whole[..^1]);
        }

        _said.Clear();
        (await RunAsync(spec)).State.ShouldBe(RunState.Done);
        _said.Where(line => line.StartsWith("begin", StringComparison.Ordinal)).ShouldBe(["begin row-1"]);
        _said.ShouldContain("align 0");
        File.ReadAllBytes(torn).ShouldBe(whole);
        File.ReadAllText(Out.Report).ShouldBe(report);
        RunNotice.Redone redone = _notices.OfType<RunNotice.Redone>().Single();
        redone.ShouldBe(new RunNotice.Redone(StageName.Synthesize, $"embeddings/{Path.GetFileName(torn)} is {(delete ? "missing" : "not what was written")}"));
    }

    [Fact]
    public async Task A_report_that_is_deleted_is_written_again_alone()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 2);
        await RunAsync(spec);
        File.Delete(Out.Report);
        _said.Clear();
        (await RunAsync(spec)).State.ShouldBe(RunState.Done);
        File.Exists(Out.Report).ShouldBeTrue();
        _said.ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_spec_or_other_data_are_refused_and_other_operational_options_are_not()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 2);
        await RunAsync(spec);

        SeaException other = await Should.ThrowAsync<SeaException>(() => RunAsync(spec, ("align.steps", "7"), ("seed", "3")));
        other.Message.ShouldBe($"{Out.Path}: a run was begun here with another spec:\n  seed: 0 -> 3\n  align.steps: 100 -> 7");
        other.Hint.ShouldBe($"give another --out for the new spec, or go on with the old one: sea run {Out.Spec} --out {Out.Path}");
        (await RunAsync(spec, ("work.lease", "9s"), ("name", "other"), ("align.micro_batch", "2"))).State.ShouldBe(RunState.Done);
        (await RunAsync(Out.Spec)).State.ShouldBe(RunState.Done);

        File.AppendAllText(_folder.PathOf("in", "rows.jsonl"), "{}\n");
        (await Should.ThrowAsync<SeaException>(() => RunAsync(spec))).Message
            .ShouldStartWith($"files changed since the run began:\n  data.path: {_folder.PathOf("in", "rows.jsonl")} is not what it was (sha256 ");
    }

    [Fact]
    public async Task A_run_goes_on_after_everything_moved()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 2);
        await new FakeRun { DuringAlign = (_, _) => throw new SeaException("stopped here") }.Engine(_time).RunAsync(new RunFolder(_folder.PathOf("in", "out")), SpecReader.Load(spec), null, CancellationToken.None);
        Directory.Move(_folder.PathOf("in"), _folder.PathOf("moved"));
        RunOutcome outcome = await new FakeRun().Engine(_time).RunAsync(
            new RunFolder(_folder.PathOf("moved", "out")), SpecReader.Load(_folder.PathOf("moved", "run.yaml")), null, CancellationToken.None);
        outcome.State.ShouldBe(RunState.Done);
    }

    [Fact]
    public async Task The_time_of_each_stage_is_measured_over_all_its_starts()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 2);
        Task Take(TimeSpan time)
        {
            _time.Advance(time);
            return Task.CompletedTask;
        }

        await RunAsync(spec, new FakeRun { DuringAlign = async (_, _) => { await Take(TimeSpan.FromSeconds(3)); throw new SeaException("no"); } });
        RunOutcome outcome = await RunAsync(spec, new FakeRun { DuringAlign = (_, _) => Take(TimeSpan.FromSeconds(1.5)) });
        outcome.Stages.Select(stage => stage.Worked).ShouldBe([TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(4.5), TimeSpan.Zero, TimeSpan.Zero]);
    }

    [Fact]
    public async Task A_folder_without_a_run_needs_a_spec_and_an_engine_needs_every_stage()
    {
        (await Should.ThrowAsync<SeaException>(() => RunAsync(null))).Message.ShouldBe($"{Out.Path}: no run was begun here");
        Should.Throw<ArgumentException>(() => new RunEngine([], _time)).Message.ShouldStartWith("no stage was given for prepare, synthesize, align, evaluate, report");
    }

    [Fact]
    public async Task While_it_runs_the_status_shows_rate_and_time_left_and_a_second_process_is_refused()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 8);
        TaskCompletionSource<RunStatus> seen = new();
        int done = 0;
        Notices notices = new(notice =>
        {
            if (notice is RunNotice.StageAdvanced { Stage: StageName.Synthesize, Detail: not null } && ++done == 2)
            {
                _time.Advance(TimeSpan.FromSeconds(4));
                seen.SetResult(RunStatusReader.ReadAsync(Out, _time).GetAwaiter().GetResult());
                Should.Throw<SeaException>(() => RunAsync(spec).GetAwaiter().GetResult()).Message.ShouldContain($"process {Environment.ProcessId} on {Environment.MachineName}");
            }
        });
        (await new FakeRun().Engine(_time).RunAsync(Out, SpecReader.Load(spec), notices, CancellationToken.None)).State.ShouldBe(RunState.Done);

        RunStatus status = await seen.Task;
        (status.State, status.Killed, status.WorkedOnBy!.ProcessId).ShouldBe((RunState.Running, false, Environment.ProcessId));
        StageStatus stage = status.Stages[1];
        stage.State.ShouldBe(StageState.Running);
        stage.Samples!.Total.ShouldBe(8);
        stage.PerSecond!.Value.ShouldBe(stage.Samples.Done / 4.0, 1e-9);
        stage.Remaining.ShouldBe(TimeSpan.FromSeconds((8 - stage.Samples.Done) / stage.PerSecond.Value));
        (await RunStatusReader.ReadAsync(Out, _time)).WorkedOnBy.ShouldBeNull();
    }

    [Fact]
    public async Task Status_of_a_folder_without_a_run_is_refused() =>
        (await Should.ThrowAsync<SeaException>(() => RunStatusReader.ReadAsync(Out, _time))).Message.ShouldBe($"{Out.Ledger}: there is no ledger");

    private Task<RunOutcome> RunAsync(string? spec, params (string Path, string Value)[] overrides) => RunAsync(spec, new FakeRun(_said.Add), overrides);

    private Task<RunOutcome> RunAsync(string? spec, FakeRun run, params (string Path, string Value)[] overrides) => run.Engine(_time).RunAsync(
        Out,
        spec is null ? null : SpecReader.Load(spec, [.. overrides.Select(given => KeyValuePair.Create(given.Path, given.Value))]),
        new Notices(_notices.Add),
        CancellationToken.None);
}
