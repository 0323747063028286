using System.Runtime.CompilerServices;
using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Tests.Work;

public sealed class WorkerTests : IDisposable
{
    private static readonly WorkerOptions Options = new("worker", TimeSpan.FromSeconds(30), 100, new RetryPolicy(2, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)));
    private readonly TemporaryFolder _folder = new();
    private readonly SignallingTime _time = new();
    private readonly SqliteLedger _ledger;
    private readonly FolderArtifactStore _store;

    public WorkerTests()
    {
        _ledger = SqliteLedger.Open(_folder.PathOf("ledger.db"), _time);
        _store = new FolderArtifactStore(_folder.Path);
    }

    public void Dispose()
    {
        _ledger.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_sample_is_done_with_its_artifact_and_slots_are_refilled_at_once()
    {
        await EnqueueAsync(10);
        List<string> said = [];
        List<WorkProgress> progress = [];
        WorkOutcome outcome = await Worker().RunAsync("run", "synthesize", new FakeLane(4, said.Add), new Progress(progress.Add), CancellationToken.None);

        outcome.ShouldBe(new WorkOutcome(WorkEnd.Settled, 10, 0, 0));
        foreach (SampleRow row in await RowsAsync())
        {
            (row.State, row.Attempts, row.Steps).ShouldBe((SampleState.Done, 1, 2 + (int)(row.Ordinal % 4)));
            (await _store.CheckAsync(row.Artifact!)).ShouldBe(ArtifactCheck.Intact);
        }

        // The fifth sample begins in the tick after the first one ends, while the slow ones still run.
        said.IndexOf("begin s4").ShouldBeLessThan(said.LastIndexOf("step s3"));
        progress.Count.ShouldBe(10);
        progress[^1].ShouldBe(new WorkProgress(10, 0, 10, progress[^1].Sample, progress[^1].Loss, null));
    }

    [Fact]
    public async Task The_artifact_is_durable_before_the_ledger_says_so()
    {
        await EnqueueAsync(1);
        await using SqliteLedger onlooker = SqliteLedger.Open(_folder.PathOf("ledger.db"), _time);
        List<(SampleState State, int Files)> seen = [];
        using (Fault.Arm(point =>
        {
            if (point == FaultPoint.ArtifactPublished)
            {
                SampleRow row = onlooker.SampleAsync("run", "synthesize", "s0").GetAwaiter().GetResult()!;
                seen.Add((row.State, Directory.GetFiles(_folder.PathOf("embeddings"), "s0-*").Length));
            }
        }))
        {
            await Worker().RunAsync("run", "synthesize", new FakeLane(1, _ => { }), null, CancellationToken.None);
        }

        seen.ShouldBe([(SampleState.Leased, 1)]);
        (await onlooker.SampleAsync("run", "synthesize", "s0"))!.State.ShouldBe(SampleState.Done);
    }

    [Fact]
    public async Task A_drained_worker_finishes_what_it_has_and_takes_no_more()
    {
        await EnqueueAsync(10);
        using CancellationTokenSource drain = new();
        List<string> said = [];
        FakeLane lane = new(4, line =>
        {
            said.Add(line);
            if (line == "begin s4")
            {
                drain.Cancel();
            }
        });

        WorkOutcome outcome = await Worker().RunAsync("run", "synthesize", lane, null, CancellationToken.None, drain.Token);

        outcome.ShouldBe(new WorkOutcome(WorkEnd.Interrupted, 5, 0, 0));
        said.Where(line => line.StartsWith("begin", StringComparison.Ordinal)).ShouldBe(["begin s0", "begin s1", "begin s2", "begin s3", "begin s4"]);
        (await RowsAsync()).Select(row => (row.State, row.Attempts)).ShouldBe([.. Enumerable.Repeat((SampleState.Done, 1), 5), .. Enumerable.Repeat((SampleState.Pending, 0), 5)]);

        // The next one goes on, and one that is drained while it waits for others' samples ends at once.
        (await Worker().RunAsync("run", "synthesize", new FakeLane(4, _ => { }), null, CancellationToken.None)).ShouldBe(new WorkOutcome(WorkEnd.Settled, 5, 0, 0));
        await _ledger.EnqueueAsync("run", "synthesize", "hash", [new NewSample("s10", "good")]);
        (await _ledger.LeaseAsync("run", "synthesize", 1, new LeaseTerms("other", TimeSpan.FromSeconds(30)))).Count.ShouldBe(1);
        using CancellationTokenSource waiting = new();
        Task<WorkOutcome> idle = Worker().RunAsync("run", "synthesize", new FakeLane(4, _ => { }), null, CancellationToken.None, waiting.Token);
        await waiting.CancelAsync();
        (await idle).ShouldBe(new WorkOutcome(WorkEnd.Interrupted, 0, 0, 0));
    }

    [Fact]
    public async Task Failures_are_tried_again_after_their_wait_and_quarantined_at_last()
    {
        await EnqueueAsync(3, "flaky", "bad", "good");
        Task<WorkOutcome> working = Worker().RunAsync("run", "synthesize", new FakeLane(4, _ => { }), null, CancellationToken.None);

        (await _time.Drive(working, wait => wait <= TimeSpan.FromSeconds(2))).ShouldBe(new WorkOutcome(WorkEnd.Settled, 2, 3, 0));
        (await RowsAsync()).Select(row => (row.State, row.Attempts, row.Error)).ShouldBe([
            (SampleState.Done, 2, null), (SampleState.Quarantined, 2, "loss is NaN at step 2"), (SampleState.Done, 1, null)]);
    }

    [Fact]
    public async Task Leases_are_renewed_while_the_work_goes_on()
    {
        await EnqueueAsync(1);
        TaskCompletionSource taken = new(), finish = new();
        Task<WorkOutcome> working = Worker().RunAsync("run", "synthesize", Slow(taken, finish), null, CancellationToken.None);
        await taken.Task;
        await _time.WaitedFor(TimeSpan.FromSeconds(10));
        for (int beat = 0; beat < 6; beat++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await _time.WaitedFor(TimeSpan.FromSeconds(10));
            (await RowsAsync()).Single().LeaseExpires.ShouldBe(_time.GetUtcNow() + Options.Lease);
        }

        finish.SetResult();
        (await working).ShouldBe(new WorkOutcome(WorkEnd.Settled, 1, 0, 0));
        (await RowsAsync()).Single().Attempts.ShouldBe(1);
    }

    [Fact]
    public async Task A_worker_learns_that_its_lease_is_lost_and_throws_the_result_away()
    {
        await EnqueueAsync(1);
        TaskCompletionSource taken = new(), finish = new();
        WorkSample? inHand = null;
        Task<WorkOutcome> working = Worker().RunAsync("run", "synthesize", Slow(taken, finish, sample => inHand = sample), null, CancellationToken.None);
        await taken.Task;
        await _time.WaitedFor(TimeSpan.FromSeconds(10));

        await _ledger.ExpireLeasesAsync("run");
        Lease other = (await _ledger.LeaseAsync("run", "synthesize", 1, new LeaseTerms("other", TimeSpan.FromHours(1)))).Single();
        _time.Advance(TimeSpan.FromSeconds(10));
        await _time.WaitedFor(TimeSpan.FromSeconds(10));
        inHand!.LeaseLost.ShouldBeTrue();
        await _ledger.CompleteAsync("run", "synthesize", [new Completion("s0", other.Token, "hash") { Loss = 0.5 }]);
        finish.SetResult();

        (await working).ShouldBe(new WorkOutcome(WorkEnd.Settled, 0, 0, 1));
        (await RowsAsync()).Single().Loss.ShouldBe(0.5);
        Directory.Exists(_folder.PathOf("embeddings")).ShouldBeFalse("a result known to be lost is not written");
    }

    [Fact]
    public async Task Stopping_keeps_what_is_done_and_gives_the_rest_back_unused()
    {
        await EnqueueAsync(6);
        using CancellationTokenSource stop = new();
        int ticks = 0;
        FakeLane lane = new(4, _ => { }, _ => ++ticks == 4 ? stop.CancelAsync() : Task.CompletedTask);

        WorkOutcome outcome = await Worker().RunAsync("run", "synthesize", lane, null, stop.Token);

        // After three ticks the samples of two and three steps are done.
        outcome.ShouldBe(new WorkOutcome(WorkEnd.Interrupted, 2, 0, 0));
        (await RowsAsync()).Select(row => (row.State, row.Attempts)).ShouldBe([
            (SampleState.Done, 1), (SampleState.Done, 1), (SampleState.Pending, 0), (SampleState.Pending, 0), (SampleState.Pending, 0), (SampleState.Pending, 0)]);
    }

    [Fact]
    public async Task A_sample_that_makes_the_processor_throw_is_found_and_the_others_are_done()
    {
        await EnqueueAsync(6, "good", "good", "poison");
        WorkerOptions once = Options with { Retry = new RetryPolicy(1, TimeSpan.Zero, TimeSpan.Zero) };
        WorkOutcome outcome = await new Worker(_ledger, _store, once, _time).RunAsync("run", "synthesize", new ScriptedProcessor(Poisoned), null, CancellationToken.None);

        outcome.ShouldBe(new WorkOutcome(WorkEnd.Settled, 5, 1, 0));
        SampleRow given = (await RowsAsync()).Single(row => row.State != SampleState.Done);
        (given.Id, given.State, given.Error).ShouldBe(("s2", SampleState.Quarantined, "InvalidOperationException: mat1 and mat2 shapes cannot be multiplied"));
    }

    [Fact]
    public async Task A_processor_that_always_throws_ends_the_work_and_blames_no_sample()
    {
        await EnqueueAsync(3);
        ScriptedProcessor broken = new((queue, cancel) => Broken(queue, cancel));
        SeaException error = await Should.ThrowAsync<SeaException>(() => Worker().RunAsync("run", "synthesize", broken, null, CancellationToken.None));
        error.Message.ShouldBe("the work failed on each of 2 samples: InvalidOperationException: no GPU");
        (await RowsAsync()).ShouldAllBe(row => row.State == SampleState.Pending && row.Attempts == 0);
    }

    [Fact]
    public async Task A_processor_that_throws_before_it_takes_anything_ends_the_work() =>
        (await Should.ThrowAsync<SeaException>(async () =>
        {
            await EnqueueAsync(1);
            await Worker().RunAsync("run", "synthesize", new ScriptedProcessor((_, _) => throw new SeaException("model: no such folder")), null, CancellationToken.None);
        })).Message.ShouldBe("model: no such folder");

    [Fact]
    public async Task A_processor_that_drops_a_sample_is_told_of_and_one_that_leaves_early_too()
    {
        await EnqueueAsync(1);
        Task<WorkOutcome> working = Worker().RunAsync("run", "synthesize", new ScriptedProcessor(Dropping), null, CancellationToken.None);
        (await _time.Drive(working, wait => wait <= TimeSpan.FromSeconds(2))).Failures.ShouldBe(2);
        (await RowsAsync()).Single().Error.ShouldBe("the processor ended without a result for it");

        await _ledger.RequeueAsync("run", "synthesize");
        (await Should.ThrowAsync<SeaException>(() => Worker().RunAsync("run", "synthesize", new ScriptedProcessor((_, _) => AsyncEnumerable.Empty<SampleResult>()), null, CancellationToken.None)))
            .Message.ShouldBe("synthesize: the processor ended while samples were left");
    }

    [Fact]
    public async Task A_full_disk_stops_the_work_and_blames_no_sample()
    {
        await EnqueueAsync(3);
        using (Fault.Throw(FaultPoint.ArtifactWritten, () => new IOException("No space left on device"), time: 2))
        {
            SeaException error = await Should.ThrowAsync<SeaException>(() => Worker().RunAsync("run", "synthesize", new FakeLane(1, _ => { }), null, CancellationToken.None));
            error.Message.ShouldBe($"{_folder.PathOf("embeddings")}: cannot write the artifact of 's1': No space left on device");
        }

        (await RowsAsync()).Select(row => (row.State, row.Failures)).ShouldBe([(SampleState.Done, 0), (SampleState.Pending, 0), (SampleState.Pending, 0)]);
        (await Worker().RunAsync("run", "synthesize", new FakeLane(1, _ => { }), null, CancellationToken.None)).Done.ShouldBe(2);
    }

    [Fact]
    public async Task A_ledger_that_fails_at_renewal_stops_the_work()
    {
        await EnqueueAsync(1);
        TaskCompletionSource taken = new();
        using IDisposable fault = Fault.Throw(FaultPoint.Renewing, () => new SeaException("the ledger failed: disk I/O error"));
        Task<WorkOutcome> working = Worker().RunAsync("run", "synthesize", Slow(taken, new TaskCompletionSource()), null, CancellationToken.None);
        await taken.Task;
        await _time.WaitedFor(TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(10));
        (await Should.ThrowAsync<SeaException>(() => working)).Message.ShouldBe("the ledger failed: disk I/O error");
        (await RowsAsync()).Single().State.ShouldBe(SampleState.Pending);
    }

    [Fact]
    public async Task Fixed_batches_come_whole_with_what_was_done_before_as_companions()
    {
        await _ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        await _ledger.EnqueueAsync("run", "synthesize", "hash", [.. Enumerable.Range(0, 6).Select(n => new NewSample($"s{n}", "good", n / 3))]);
        Lease first = (await _ledger.LeaseAsync("run", "synthesize", 1, new LeaseTerms("w", TimeSpan.FromHours(1)))).Single();
        await _ledger.CompleteAsync("run", "synthesize", [new Completion("s0", first.Token, "hash")]);

        List<string> batches = [];
        ScriptedProcessor lane = new((queue, cancel) => Batches(queue, batches, cancel));
        (await Worker().RunAsync("run", "synthesize", lane, null, CancellationToken.None)).Done.ShouldBe(5);
        batches.ShouldBe(["0: s1 s2 with s0", "1: s3 s4 s5 with "]);
    }

    private static async IAsyncEnumerable<SampleResult> Batches(ISampleQueue queue, List<string> batches, [EnumeratorCancellation] CancellationToken cancel)
    {
        while (await queue.TakeBatchAsync(cancel) is { } batch)
        {
            batches.Add($"{batch.Number}: {string.Join(' ', batch.Samples.Select(sample => sample.Id))} with {string.Join(' ', batch.Companions.Select(row => row.Id))}");
            foreach (WorkSample sample in batch.Samples)
            {
                yield return SampleResult.Done(sample, null);
            }
        }
    }

    private static async IAsyncEnumerable<SampleResult> Poisoned(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
    {
        while (await queue.TakeAsync(4, wait: true, cancel) is { Count: > 0 } samples)
        {
            if (samples.Any(sample => sample.Input == "poison"))
            {
                throw new InvalidOperationException("mat1 and mat2 shapes cannot be multiplied");
            }

            foreach (WorkSample sample in samples)
            {
                yield return SampleResult.Done(sample, null);
            }
        }
    }

    private static async IAsyncEnumerable<SampleResult> Broken(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (WorkSample sample in await queue.TakeAsync(2, wait: true, cancel))
        {
            yield return sample.Attempt > 0 ? throw new InvalidOperationException("no GPU") : SampleResult.Done(sample, null);
        }
    }

    private static async IAsyncEnumerable<SampleResult> Dropping(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
    {
        while ((await queue.TakeAsync(1, wait: true, cancel)).Count > 0)
        {
            yield break;
        }
    }

    private static ScriptedProcessor Slow(TaskCompletionSource taken, TaskCompletionSource finish, Action<WorkSample>? on = null)
    {
        async IAsyncEnumerable<SampleResult> Script(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
        {
            while (await queue.TakeAsync(1, wait: true, cancel) is [{ } sample])
            {
                on?.Invoke(sample);
                taken.TrySetResult();
                await finish.Task.WaitAsync(cancel);
                yield return SampleResult.Done(sample, stream => stream.Write([1]));
            }
        }

        return new ScriptedProcessor(Script);
    }

    private Worker Worker() => new(_ledger, _store, Options, _time);

    private async Task EnqueueAsync(int count, params string[] inputs)
    {
        await _ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        await _ledger.EnqueueAsync("run", "synthesize", "hash", [.. Enumerable.Range(0, count).Select(n => new NewSample($"s{n}", n < inputs.Length ? inputs[n] : "good"))]);
    }

    private Task<IReadOnlyList<SampleRow>> RowsAsync() => _ledger.SamplesAsync("run", "synthesize", new SampleQuery());

    private sealed class Progress(Action<WorkProgress> on) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => on(value);
    }
}
