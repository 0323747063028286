using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Ledgers;

/// <summary>What every ledger must do, whatever it stores in. A new kind of ledger derives from this and opens itself.</summary>
public abstract class LedgerConformance
{
    private const string Run = "run";
    private const string Stage = "synthesize";
    private static readonly LeaseTerms Terms = new("worker", TimeSpan.FromSeconds(30), LostLeases: 3);
    private static readonly RetryPolicy Retry = new(3, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    /// <summary>Another handle on the store of that name, as another process would have.</summary>
    protected abstract ILedger Open(string store);

    [Fact]
    public async Task Random_histories_agree_with_the_model()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            await using ILedger ledger = Open($"history-{seed}");
            await new LedgerHistories(ledger, Time, seed).PlayAsync(150);
        }
    }

    [Fact]
    public async Task A_result_is_kept_whole_and_survives_reopening()
    {
        await using (ILedger ledger = await OpenedAsync("kept", 1))
        {
            Lease lease = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
            await ledger.CompleteAsync(Run, Stage, [Completed(lease) with { Detail = """{"perceived":true}""" }]);
        }

        await using ILedger reopened = Open("kept");
        SampleRow row = (await reopened.SampleAsync(Run, Stage, "s0"))!;
        row.State.ShouldBe(SampleState.Done);
        row.Artifact.ShouldBe(new StoredFile("embeddings/s0", new string('a', 64), 3));
        (row.Loss, row.Steps, row.Duration, row.Attempts, row.Owner).ShouldBe((0.125, 12, TimeSpan.FromSeconds(1.5), 1, "worker"));
        row.Detail.ShouldBe("""{"perceived":true}""");
        row.Updated.ShouldBe(Time.GetUtcNow());
        row.Input.ShouldBe("{\"n\":0}");
        (await reopened.ArtifactsAsync(Run)).ShouldBe([new ArtifactRow("embeddings/s0", Stage, "s0", new string('a', 64), 3)]);
    }

    [Fact]
    public async Task A_worker_that_lost_its_lease_changes_nothing()
    {
        await using ILedger ledger = await OpenedAsync("fenced", 1);
        Lease old = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
        Time.Advance(TimeSpan.FromSeconds(31));
        Lease current = (await ledger.LeaseAsync(Run, Stage, 1, Terms with { Owner = "other" })).Single();
        current.Token.ShouldBeGreaterThan(old.Token);
        current.Attempt.ShouldBe(2);

        (await ledger.RenewAsync(Run, Stage, [old.Key], Terms.Duration)).ShouldBe([old.Key]);
        (await ledger.CompleteAsync(Run, Stage, [Completed(old)])).ShouldBe([CompletionOutcome.LeaseLost]);
        (await ledger.FailAsync(Run, Stage, [new Failure("s0", old.Token, "late")], Retry)).ShouldBe([FailureOutcome.LeaseLost]);
        await ledger.ReleaseAsync(Run, Stage, [old.Key]);

        SampleRow row = (await ledger.SampleAsync(Run, Stage, "s0"))!;
        (row.State, row.Token, row.Owner, row.LostLeases).ShouldBe((SampleState.Leased, current.Token, "other", 1));
        (await ledger.CompleteAsync(Run, Stage, [Completed(current)])).ShouldBe([CompletionOutcome.Recorded]);
        (await ledger.CompleteAsync(Run, Stage, [Completed(current)])).ShouldBe([CompletionOutcome.AlreadyRecorded]);
        (await ledger.CompleteAsync(Run, Stage, [Completed(old)])).ShouldBe([CompletionOutcome.LeaseLost]);
    }

    [Fact]
    public async Task A_late_worker_whose_sample_nobody_took_keeps_its_result()
    {
        await using ILedger ledger = await OpenedAsync("late", 1);
        Lease lease = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
        Time.Advance(TimeSpan.FromHours(1));
        (await ledger.CompleteAsync(Run, Stage, [Completed(lease)])).ShouldBe([CompletionOutcome.Recorded]);
    }

    [Fact]
    public async Task A_result_for_another_spec_is_refused()
    {
        await using ILedger ledger = await OpenedAsync("spec", 1);
        Lease lease = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
        (await ledger.CompleteAsync(Run, Stage, [Completed(lease) with { SpecHash = "other" }])).ShouldBe([CompletionOutcome.LeaseLost]);
    }

    [Fact]
    public async Task Failures_wait_longer_each_time_then_quarantine_with_error_and_input_and_come_back_on_request()
    {
        await using ILedger ledger = await OpenedAsync("failing", 1);
        List<double> waits = [];
        for (int attempt = 1; attempt <= 3; attempt++)
        {
            Lease lease = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
            FailureOutcome outcome = (await ledger.FailAsync(Run, Stage, [new Failure("s0", lease.Token, $"loss is NaN ({attempt})")], Retry)).Single();
            outcome.ShouldBe(attempt < 3 ? FailureOutcome.Waiting : FailureOutcome.Quarantined);
            if (await ledger.NextAvailableAsync(Run, Stage) is { } next)
            {
                waits.Add((next - Time.GetUtcNow()).TotalSeconds);
                (await ledger.LeaseAsync(Run, Stage, 1, Terms)).ShouldBeEmpty();
                Time.Advance(next - Time.GetUtcNow());
            }
        }

        waits.ShouldBe([2.0, 3.0]);
        SampleRow row = (await ledger.SamplesAsync(Run, Stage, new SampleQuery(SampleState.Quarantined))).Single();
        (row.Error, row.Input, row.Failures).ShouldBe(("loss is NaN (3)", "{\"n\":0}", 3));
        (await ledger.LeaseAsync(Run, Stage, 1, Terms)).ShouldBeEmpty();

        (await ledger.RequeueAsync(Run, Stage)).ShouldBe(1);
        Lease again = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
        again.Attempt.ShouldBe(4);
        await ledger.CompleteAsync(Run, Stage, [Completed(again)]);
        (await ledger.SampleAsync(Run, Stage, "s0"))!.Error.ShouldBeNull();
        (await ledger.EventsAsync(Run, 0, 100)).Select(row => row.Kind)
            .ShouldBe(["run_created", "sample_failed", "sample_failed", "sample_quarantined", "sample_requeued"]);
    }

    [Fact]
    public async Task A_sample_that_kills_its_worker_each_time_is_quarantined_at_last()
    {
        await using ILedger ledger = await OpenedAsync("poison", 1);
        for (int death = 0; death < 3; death++)
        {
            (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Count.ShouldBe(1);
            (await ledger.ExpireLeasesAsync(Run)).ShouldBe(1);
        }

        (await ledger.LeaseAsync(Run, Stage, 1, Terms)).ShouldBeEmpty();
        SampleRow row = (await ledger.SampleAsync(Run, Stage, "s0"))!;
        row.State.ShouldBe(SampleState.Quarantined);
        row.Error.ShouldBe("its lease was lost 3 times: the worker was killed or frozen each time it worked on this sample");
    }

    [Fact]
    public async Task Enqueueing_again_changes_nothing_and_another_input_under_the_same_id_is_refused()
    {
        await using ILedger ledger = await OpenedAsync("again", 3);
        (await ledger.EnqueueAsync(Run, Stage, "hash", [New(1), New(3)])).ShouldBe(1);
        (await ledger.SamplesAsync(Run, Stage, new SampleQuery())).Select(row => (row.Id, row.Ordinal)).ShouldBe([("s0", 0L), ("s1", 1L), ("s2", 2L), ("s3", 3L)]);

        SeaException error = await Should.ThrowAsync<SeaException>(() => ledger.EnqueueAsync(Run, Stage, "hash", [New(4), new NewSample("s1", "{}")]));
        error.Message.ShouldBe("synthesize: sample 's1' is in the ledger with another input");
        (await Should.ThrowAsync<SeaException>(() => ledger.EnqueueAsync(Run, Stage, "other", [New(1)]))).Message.ShouldBe("synthesize: sample 's1' is in the ledger with another spec");
        (await ledger.CountsAsync(Run, Stage)).Total.ShouldBe(4);
    }

    [Fact]
    public async Task Pages_follow_the_order_of_enqueueing()
    {
        await using ILedger ledger = await OpenedAsync("pages", 7);
        IReadOnlyList<SampleRow> first = await ledger.SamplesAsync(Run, Stage, new SampleQuery(Limit: 3));
        IReadOnlyList<SampleRow> second = await ledger.SamplesAsync(Run, Stage, new SampleQuery(After: first[^1].Ordinal, Limit: 3));
        first.Concat(second).Select(row => row.Id).ShouldBe(["s0", "s1", "s2", "s3", "s4", "s5"]);
        (await ledger.SamplesAsync(Run, Stage, new SampleQuery(SampleState.Done))).ShouldBeEmpty();
        (await ledger.SampleAsync(Run, Stage, "none")).ShouldBeNull();
    }

    [Fact]
    public async Task Throughput_counts_what_was_done_since()
    {
        await using ILedger ledger = await OpenedAsync("rate", 3);
        IReadOnlyList<Lease> leases = await ledger.LeaseAsync(Run, Stage, 3, Terms);
        await ledger.CompleteAsync(Run, Stage, [Completed(leases[0])]);
        Time.Advance(TimeSpan.FromSeconds(10));
        await ledger.CompleteAsync(Run, Stage, [Completed(leases[1]), Completed(leases[2])]);

        DateTimeOffset now = await ledger.NowAsync();
        (await ledger.DoneSinceAsync(Run, Stage, now - TimeSpan.FromSeconds(5))).ShouldBe(2);
        (await ledger.DoneSinceAsync(Run, Stage, now - TimeSpan.FromSeconds(10))).ShouldBe(3);
    }

    [Fact]
    public async Task Runs_and_stages_move_only_from_where_they_are_thought_to_be()
    {
        await using ILedger ledger = await OpenedAsync("moves", 0);
        (await ledger.MoveRunAsync(Run, RunState.Pending, RunState.Running)).ShouldBeTrue();
        (await ledger.MoveRunAsync(Run, RunState.Pending, RunState.Running)).ShouldBeTrue("a repeated move is no error");
        (await ledger.MoveRunAsync(Run, RunState.Pending, RunState.Done)).ShouldBeFalse();
        (await ledger.MoveRunAsync(Run, RunState.Running, RunState.Failed, "no space left")).ShouldBeTrue();
        RunRow run = (await ledger.RunAsync(Run))!;
        (run.State, run.Message, run.Spec, run.Name).ShouldBe((RunState.Failed, "no space left", "spec", "name"));
        (await ledger.RunsAsync()).Single().ShouldBe(run);
        (await ledger.RunAsync("none")).ShouldBeNull();

        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Done, StageState.Pending))).ShouldBeTrue("a stage that never moved is pending");
        DateTimeOffset begun = Time.GetUtcNow();
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Pending, StageState.Running))).ShouldBeTrue();
        Time.Advance(TimeSpan.FromSeconds(3));
        await ledger.AddStageTimeAsync(Run, Stage, TimeSpan.FromSeconds(2));
        await ledger.AddStageTimeAsync(Run, Stage, TimeSpan.FromSeconds(1));
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Failed, StageState.Done))).ShouldBeFalse();
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Running, StageState.Done) { Summary = """{"n":1}""" })).ShouldBeTrue();
        (await ledger.StagesAsync(Run)).Single().ShouldBe(
            new StageRow(Stage, StageState.Done, begun, Time.GetUtcNow(), TimeSpan.FromSeconds(3), """{"n":1}""", null));
    }

    [Fact]
    public async Task Events_are_numbered_in_order()
    {
        await using ILedger ledger = await OpenedAsync("events", 0);
        await ledger.AppendEventAsync(Run, new NewEvent("one", Stage, "s0", """{"a":1}"""));
        await ledger.AppendEventAsync(Run, new NewEvent("two"));

        IReadOnlyList<EventRow> events = await ledger.EventsAsync(Run, 0, 100);
        events.Select(row => row.Kind).ShouldBe(["run_created", "one", "two"]);
        events.Select(row => row.Sequence).ShouldBeInOrder(SortDirection.Ascending);
        events[1].ShouldBe(new EventRow(events[1].Sequence, Time.GetUtcNow(), "one", Stage, "s0", """{"a":1}"""));
        (await ledger.EventsAsync(Run, events[1].Sequence, 100)).Single().Kind.ShouldBe("two");
        (await ledger.EventsAsync(Run, 0, 1)).Single().Kind.ShouldBe("run_created");
    }

    [Fact]
    public async Task A_stage_that_runs_again_forgets_its_own_artifacts_only()
    {
        await using ILedger ledger = await OpenedAsync("artifacts", 1);
        Lease lease = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
        await ledger.CompleteAsync(Run, Stage, [Completed(lease)]);
        await ledger.PutArtifactAsync(Run, new ArtifactRow("index.json", Stage, null, new string('b', 64), 9));
        await ledger.PutArtifactAsync(Run, new ArtifactRow("index.json", Stage, null, new string('c', 64), 10));
        (await ledger.ArtifactsAsync(Run, Stage)).Select(row => (row.Name, row.Bytes)).ShouldBe([("embeddings/s0", 3L), ("index.json", 10L)]);

        await ledger.ForgetArtifactsAsync(Run, Stage);
        (await ledger.ArtifactsAsync(Run, Stage)).Select(row => row.Name).ShouldBe(["embeddings/s0"]);
        (await ledger.ArtifactsAsync(Run, "align")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_handles_at_once_lease_every_sample_once_with_growing_tokens()
    {
        const int Samples = 200;
        await using ILedger first = await OpenedAsync("crowd", Samples);
        ConcurrentBag<(string Sample, long Token)> done = [];
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            await using ILedger ledger = Open("crowd");
            long last = 0;
            while (await ledger.LeaseAsync(Run, Stage, 1 + (worker % 4), Terms with { Owner = $"worker {worker}" }) is { Count: > 0 } leases)
            {
                leases[0].Token.ShouldBeGreaterThan(last);
                last = leases[0].Token;
                (await ledger.CompleteAsync(Run, Stage, [.. leases.Select(Completed)])).ShouldAllBe(outcome => outcome == CompletionOutcome.Recorded);
                leases.ToList().ForEach(lease => done.Add((lease.Sample, lease.Token)));
            }
        })));

        done.Select(lease => lease.Sample).Order().ShouldBe([.. Enumerable.Range(0, Samples).Select(n => $"s{n}").Order()]);
        (await first.CountsAsync(Run, Stage)).ShouldBe(new SampleCounts(0, 0, 0, Samples, 0));
    }

    private async Task<ILedger> OpenedAsync(string store, int samples)
    {
        ILedger ledger = Open(store);
        await ledger.CreateRunAsync(new NewRun(Run, "name", "spec", "hash", "{}"));
        await ledger.CreateRunAsync(new NewRun(Run, "another name", "another spec", "hash", "{}"));
        (await ledger.EnqueueAsync(Run, Stage, "hash", [.. Enumerable.Range(0, samples).Select(New)])).ShouldBe(samples);
        return ledger;
    }

    private static NewSample New(int number) => new($"s{number}", $"{{\"n\":{number}}}");

    private static Completion Completed(Lease lease) => new(lease.Sample, lease.Token, "hash")
    {
        Artifact = new StoredFile($"embeddings/{lease.Sample}", new string('a', 64), 3),
        Loss = 0.125,
        Steps = 12,
        Duration = TimeSpan.FromSeconds(1.5),
    };
}
