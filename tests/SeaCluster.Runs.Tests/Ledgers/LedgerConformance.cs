using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Time.Testing;
using SeaCluster.Models;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Ledgers;

/// <summary>
/// What every ledger must do, whatever it stores in: each internal method is a check. A new kind of ledger derives from this, opens itself and makes the checks in a theory,
/// which can be skipped by name where its database is not installed.
/// </summary>
public abstract class LedgerConformance
{
    private const string Run = "run";
    private const string Stage = "synthesize";
    private static readonly LeaseTerms Terms = new("worker", TimeSpan.FromSeconds(30), LostLeases: 3);
    private static readonly RetryPolicy Retry = new(3, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    /// <summary>How many random histories are played: as many as the store's speed allows in a few seconds.</summary>
    protected virtual int Histories => 40;

    /// <summary>The names of all checks, for a theory.</summary>
    public static TheoryData<string> Checks => [.. typeof(LedgerConformance)
        .GetMethods(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .Where(method => method.IsAssembly && method.ReturnType == typeof(Task)).Select(method => method.Name).Order(StringComparer.Ordinal)];

    /// <summary>Makes one check.</summary>
    protected Task CheckAsync(string name) => (Task)typeof(LedgerConformance).GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(this, null)!;

    /// <summary>Another handle on the store of that name, as another process would have.</summary>
    protected abstract Task<ILedger> OpenAsync(string store);

    /// <summary>Moves the ledger's clock on, and <see cref="Time"/> with it.</summary>
    protected abstract Task AdvanceAsync(TimeSpan by);

    /// <summary>Takes out of a store what its third migration put in.</summary>
    protected abstract Task ForgetCountsAsync(string store);

    internal async Task Random_histories_agree_with_the_model()
    {
        for (int seed = 0; seed < Histories; seed++)
        {
            await using ILedger ledger = await OpenAsync($"history-{seed}");
            await new LedgerHistories(ledger, Time, AdvanceAsync, seed).PlayAsync(150);
        }
    }

    internal async Task A_ledger_of_an_earlier_version_is_counted_as_it_is_brought_up_to_date()
    {
        await using (ILedger ledger = await OpenedAsync("earlier", 7))
        {
            IReadOnlyList<Lease> leases = await ledger.LeaseAsync(Run, Stage, 3, Terms);
            await ledger.CompleteAsync(Run, Stage, [Completed(leases[0])]);
        }

        await ForgetCountsAsync("earlier");
        await using ILedger reopened = await OpenAsync("earlier");
        (await reopened.CountsAsync(Run, Stage)).ShouldBe(new SampleCounts(4, 2, 0, 1, 0));
        await reopened.LeaseAsync(Run, Stage, 1, Terms);
        (await reopened.CountsAsync(Run, Stage)).ShouldBe(new SampleCounts(3, 3, 0, 1, 0));
    }

    internal async Task A_result_is_kept_whole_and_survives_reopening()
    {
        await using (ILedger ledger = await OpenedAsync("kept", 1))
        {
            Lease lease = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
            await ledger.CompleteAsync(Run, Stage, [Completed(lease) with { Detail = """{"perceived":true}""" }]);
        }

        await using ILedger reopened = await OpenAsync("kept");
        SampleRow row = (await reopened.SampleAsync(Run, Stage, "s0"))!;
        row.State.ShouldBe(SampleState.Done);
        row.Artifact.ShouldBe(new StoredFile("embeddings/s0", new string('a', 64), 3));
        (row.Loss, row.Steps, row.Duration, row.Attempts, row.Owner).ShouldBe((0.125, 12, TimeSpan.FromSeconds(1.5), 1, "worker"));
        row.Detail.ShouldBe("""{"perceived":true}""");
        row.Updated.ShouldBe(Time.GetUtcNow());
        row.Input.ShouldBe("{\"n\":0}");
        (await reopened.ArtifactsAsync(Run)).ShouldBe([new ArtifactRow("embeddings/s0", Stage, "s0", new string('a', 64), 3)]);
    }

    internal async Task A_worker_that_lost_its_lease_changes_nothing()
    {
        await using ILedger ledger = await OpenedAsync("fenced", 1);
        Lease old = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
        await AdvanceAsync(TimeSpan.FromSeconds(31));
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

    internal async Task What_was_lost_comes_before_what_is_new_but_not_for_ever()
    {
        await using ILedger ledger = await OpenedAsync("overdue", 9);
        string[][] rounds = [["s0", "s1", "s2"], ["s0", "s1", "s2", "s3"], ["s0", "s1", "s2", "s3"], ["s0", "s1", "s2", "s3", "s4"]];
        foreach (string[] round in rounds)
        {
            await LeasedAsync(round);
            await AdvanceAsync(Terms.Duration + TimeSpan.FromSeconds(1));
        }

        // The first three were lost three times after their first loss: perhaps it is they that end their workers, and all others go first.
        await LeasedAsync("s3", "s4", "s5", "s6", "s7");
        await LeasedAsync("s8");
        await LeasedAsync("s0", "s1", "s2");

        async Task LeasedAsync(params string[] expected) => (await ledger.LeaseAsync(Run, Stage, expected.Length, Terms with { LostLeases = 100 })).Select(lease => lease.Sample).ShouldBe(expected);
    }

    internal async Task A_late_worker_whose_sample_nobody_took_keeps_its_result()
    {
        await using ILedger ledger = await OpenedAsync("late", 1);
        Lease lease = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
        await AdvanceAsync(TimeSpan.FromHours(1));
        (await ledger.CompleteAsync(Run, Stage, [Completed(lease)])).ShouldBe([CompletionOutcome.Recorded]);
    }

    internal async Task A_result_for_another_spec_is_refused()
    {
        await using ILedger ledger = await OpenedAsync("spec", 1);
        Lease lease = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
        (await ledger.CompleteAsync(Run, Stage, [Completed(lease) with { SpecHash = "other" }])).ShouldBe([CompletionOutcome.LeaseLost]);
    }

    internal async Task Failures_wait_longer_each_time_then_quarantine_with_error_and_input_and_come_back_on_request()
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
                await AdvanceAsync(next - Time.GetUtcNow());
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

    internal async Task A_sample_that_kills_its_worker_each_time_is_quarantined_at_last()
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

    internal async Task Enqueueing_again_changes_nothing_and_another_input_under_the_same_id_is_refused()
    {
        await using ILedger ledger = await OpenedAsync("again", 3);
        (await ledger.EnqueueAsync(Run, Stage, "hash", [New(1), New(3)])).ShouldBe(1);
        (await ledger.SamplesAsync(Run, Stage, new SampleQuery())).Select(row => (row.Id, row.Ordinal)).ShouldBe([("s0", 0L), ("s1", 1L), ("s2", 2L), ("s3", 3L)]);

        SeaException error = await Should.ThrowAsync<SeaException>(() => ledger.EnqueueAsync(Run, Stage, "hash", [New(4), new NewSample("s1", "{}")]));
        error.Message.ShouldBe("synthesize: sample 's1' is in the ledger with another input");
        (await Should.ThrowAsync<SeaException>(() => ledger.EnqueueAsync(Run, Stage, "other", [New(1)]))).Message.ShouldBe("synthesize: sample 's1' is in the ledger with another spec");
        (await ledger.CountsAsync(Run, Stage)).Total.ShouldBe(4);
    }

    internal async Task Pages_follow_the_order_of_enqueueing()
    {
        await using ILedger ledger = await OpenedAsync("pages", 7);
        IReadOnlyList<SampleRow> first = await ledger.SamplesAsync(Run, Stage, new SampleQuery(Limit: 3));
        IReadOnlyList<SampleRow> second = await ledger.SamplesAsync(Run, Stage, new SampleQuery(After: first[^1].Ordinal, Limit: 3));
        first.Concat(second).Select(row => row.Id).ShouldBe(["s0", "s1", "s2", "s3", "s4", "s5"]);
        (await ledger.SamplesAsync(Run, Stage, new SampleQuery(SampleState.Done))).ShouldBeEmpty();
        (await ledger.SampleAsync(Run, Stage, "none")).ShouldBeNull();
    }

    internal async Task Throughput_counts_what_was_done_since()
    {
        await using ILedger ledger = await OpenedAsync("rate", 3);
        IReadOnlyList<Lease> leases = await ledger.LeaseAsync(Run, Stage, 3, Terms);
        await ledger.CompleteAsync(Run, Stage, [Completed(leases[0])]);
        await AdvanceAsync(TimeSpan.FromSeconds(10));
        await ledger.CompleteAsync(Run, Stage, [Completed(leases[1]), Completed(leases[2])]);

        DateTimeOffset now = await ledger.NowAsync();
        foreach (int seconds in new[] { 5, 10 })
        {
            DateTimeOffset since = now - TimeSpan.FromSeconds(seconds);
            (await ledger.DoneSinceAsync(Run, Stage, since)).ShouldBe(new DoneLately(seconds == 5 ? 2 : 3, since));
        }

        (await ledger.DoneSinceAsync(Run, Stage, now - TimeSpan.FromSeconds(10), most: 2)).ShouldBe(new DoneLately(2, now), "the newest");
        (await ledger.DoneSinceAsync(Run, Stage, now - TimeSpan.FromSeconds(10), most: 3)).ShouldBe(new DoneLately(3, now - TimeSpan.FromSeconds(10)));
        (await ledger.DoneSinceAsync("none", Stage, now)).ShouldBe(new DoneLately(0, now));
    }

    internal async Task Runs_and_stages_move_only_from_where_they_are_thought_to_be()
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

        run.Version.ShouldBe(2);
        (await ledger.MoveRunAsync(Run, RunState.Failed, RunState.Running, version: 2)).ShouldBeTrue();
        (await ledger.MoveRunAsync(Run, RunState.Failed, RunState.Running, version: 2)).ShouldBeTrue("the same move again");
        (await ledger.MoveRunAsync(Run, RunState.Running, RunState.Interrupted, version: 3)).ShouldBeTrue();
        (await ledger.MoveRunAsync(Run, RunState.Interrupted, RunState.Running, version: 4)).ShouldBeTrue();
        (await ledger.MoveRunAsync(Run, RunState.Running, RunState.Interrupted, version: 3)).ShouldBeFalse("it arrives late");
        (await ledger.MoveRunAsync(Run, RunState.Failed, RunState.Running, version: 2)).ShouldBeFalse("it arrives late, and the run stands where it leads");
        (await ledger.RunAsync(Run))!.State.ShouldBe(RunState.Running);

        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Done, StageState.Pending))).ShouldBeTrue("a stage that never moved is pending");
        DateTimeOffset begun = Time.GetUtcNow();
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Pending, StageState.Running))).ShouldBeTrue();
        await AdvanceAsync(TimeSpan.FromSeconds(3));
        await ledger.AddStageTimeAsync(Run, Stage, TimeSpan.FromSeconds(2));
        await ledger.AddStageTimeAsync(Run, Stage, TimeSpan.FromSeconds(1));
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Failed, StageState.Done))).ShouldBeFalse();
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Running, StageState.Done) { Summary = """{"n":1}""" })).ShouldBeTrue();
        (await ledger.StagesAsync(Run)).Single().ShouldBe(
            new StageRow(Stage, StageState.Done, begun, Time.GetUtcNow(), TimeSpan.FromSeconds(3), """{"n":1}""", null) { Version = 2 });

        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Done, StageState.Pending) { Version = 2 })).ShouldBeTrue();
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Pending, StageState.Running) { Version = 3 })).ShouldBeTrue();
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Pending, StageState.Running) { Version = 3 })).ShouldBeTrue("the same move again");
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Running, StageState.Pending) { Version = 1 })).ShouldBeFalse("it arrives late");
        (await ledger.StagesAsync(Run)).Single().State.ShouldBe(StageState.Running);
    }

    internal async Task Events_are_numbered_in_order()
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

    internal async Task A_stage_that_runs_again_forgets_its_own_artifacts_only()
    {
        await using ILedger ledger = await OpenedAsync("artifacts", 1);
        Lease lease = (await ledger.LeaseAsync(Run, Stage, 1, Terms)).Single();
        await ledger.CompleteAsync(Run, Stage, [Completed(lease)]);
        await ledger.PutArtifactAsync(Run, new ArtifactRow("index.json", Stage, null, new string('b', 64), 9));
        await ledger.PutArtifactAsync(Run, new ArtifactRow("index.json", Stage, null, new string('c', 64), 10));
        (await ledger.ArtifactsAsync(Run, Stage)).Select(row => (row.Name, row.Bytes)).ShouldBe([("embeddings/s0", 3L), ("index.json", 10L)]);
        (await ledger.StageFilesAsync(Run)).Select(row => row.Name).ShouldBe(["index.json"]);

        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Pending, StageState.Running) { Version = 0 })).ShouldBeTrue();
        (await ledger.ArtifactsAsync(Run, Stage)).Select(row => row.Name).ShouldBe(["embeddings/s0"]);
        (await ledger.ArtifactsAsync(Run, "align")).ShouldBeEmpty();
        await ledger.PutArtifactAsync(Run, new ArtifactRow("index.json", Stage, null, new string('d', 64), 11));
        (await ledger.MoveStageAsync(Run, Stage, new StageMove(StageState.Pending, StageState.Running) { Version = 0 })).ShouldBeTrue("the same move again");
        (await ledger.ArtifactsAsync(Run, Stage)).Select(row => row.Name).ShouldBe(["embeddings/s0", "index.json"]);
    }

    internal async Task Many_handles_at_once_lease_every_sample_once_with_growing_tokens()
    {
        const int Samples = 200;
        await using ILedger first = await OpenedAsync("crowd", Samples);
        ConcurrentBag<(string Sample, long Token)> done = [];
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            await using ILedger ledger = await OpenAsync("crowd");
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

    internal async Task Workers_that_freeze_past_their_leases_and_come_back_record_every_sample_once()
    {
        const int Samples = 60;
        LeaseTerms terms = Terms with { LostLeases = 10_000 };
        await using ILedger first = await OpenedAsync("frozen", Samples);
        ConcurrentBag<(string Sample, long Token)> leased = [], recorded = [];
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            Random random = new(worker);
            await using ILedger ledger = await OpenAsync("frozen");
            List<Lease> frozen = [];
            long last = 0;
            while (await ledger.NextAvailableAsync(Run, Stage) is not null)
            {
                IReadOnlyList<Lease> leases = await ledger.LeaseAsync(Run, Stage, 4, terms with { Owner = $"worker {worker}" });
                foreach (Lease lease in leases)
                {
                    lease.Token.ShouldBeGreaterThan(last);
                    leased.Add((lease.Sample, lease.Token));
                }

                last = leases.Count > 0 ? leases[0].Token : last;
                frozen.AddRange(leases);
                if (leases.Count == 0 || random.Next(3) == 0)
                {
                    await AdvanceAsync(TimeSpan.FromSeconds(31));
                }

                if (random.Next(2) == 0)
                {
                    IReadOnlyList<CompletionOutcome> outcomes = await ledger.CompleteAsync(Run, Stage, [.. frozen.Select(Completed)]);
                    frozen.Zip(outcomes).Where(pair => pair.Second == CompletionOutcome.Recorded).ToList().ForEach(pair => recorded.Add((pair.First.Sample, pair.First.Token)));
                    frozen.Clear();
                }
            }
        })));

        leased.Distinct().Count().ShouldBe(leased.Count, "no two leases of a sample share a token");
        recorded.Select(each => each.Sample).Order(StringComparer.Ordinal).ShouldBe([.. Enumerable.Range(0, Samples).Select(n => $"s{n}").Order(StringComparer.Ordinal)]);
        foreach ((string sample, long token) in recorded)
        {
            token.ShouldBe(leased.Where(each => each.Sample == sample).Max(each => each.Token), "only the last to lease it may record it");
        }
    }

    internal async Task Many_handles_at_once_lease_every_batch_whole_and_once()
    {
        const int Batches = 40, Size = 4;
        await using ILedger first = await OpenedAsync("batches", 0);
        await first.EnqueueAsync(Run, Stage, "hash", [.. Enumerable.Range(0, Batches * Size).Select(n => New(n) with { Batch = n / Size })]);
        ConcurrentBag<int> done = [];
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            await using ILedger ledger = await OpenAsync("batches");
            while (await ledger.LeaseBatchAsync(Run, Stage, Terms) is { } batch)
            {
                batch.Leases.Select(lease => lease.Sample).ShouldBe([.. Enumerable.Range(batch.Batch * Size, Size).Select(n => $"s{n}")]);
                batch.Companions.ShouldBeEmpty();
                (await ledger.CompleteAsync(Run, Stage, [.. batch.Leases.Select(Completed)])).ShouldAllBe(outcome => outcome == CompletionOutcome.Recorded);
                done.Add(batch.Batch);
            }
        })));

        done.Order().ShouldBe([.. Enumerable.Range(0, Batches)]);
    }

    internal async Task Nothing_of_a_transaction_that_dies_before_its_commit_is_seen()
    {
        await using ILedger ledger = await OpenedAsync("fault", 0);
        using (Fault.Throw(FaultPoint.Committing, () => new IOException("cut")))
        {
            await Should.ThrowAsync<IOException>(() => ledger.EnqueueAsync(Run, Stage, "hash", [New(0)]));
        }

        (await ledger.CountsAsync(Run, Stage)).Total.ShouldBe(0);
    }

    internal async Task After_an_unknown_commit_the_same_call_is_safe()
    {
        await using ILedger ledger = await OpenedAsync("unknown", 2);
        IReadOnlyList<Lease> leases = await ledger.LeaseAsync(Run, Stage, 2, Terms);
        Failure failure = new("s1", leases[1].Token, "it failed");
        using (Fault.Throw(FaultPoint.Committed, () => new IOException("cut")))
        {
            await Should.ThrowAsync<IOException>(() => ledger.CompleteAsync(Run, Stage, [Completed(leases[0])]));
        }

        using (Fault.Throw(FaultPoint.Committed, () => new IOException("cut")))
        {
            await Should.ThrowAsync<IOException>(() => ledger.FailAsync(Run, Stage, [failure], Retry));
        }

        (await ledger.CompleteAsync(Run, Stage, [Completed(leases[0])])).ShouldBe([CompletionOutcome.AlreadyRecorded]);
        (await ledger.FailAsync(Run, Stage, [failure], Retry)).ShouldBe([FailureOutcome.Waiting]);
        (await ledger.SampleAsync(Run, Stage, "s1"))!.Failures.ShouldBe(1);
    }

    internal async Task Runs_in_one_ledger_do_not_see_each_others_samples()
    {
        await using ILedger ledger = await OpenedAsync("two", 2);
        await ledger.CreateRunAsync(new NewRun("other", "other", "spec", "hash", "{}"));
        (await ledger.EnqueueAsync("other", Stage, "hash", [New(0)])).ShouldBe(1);
        Lease lease = (await ledger.LeaseAsync("other", Stage, 5, Terms)).ShouldHaveSingleItem();
        await ledger.CompleteAsync("other", Stage, [Completed(lease)]);

        (await ledger.CompleteAsync(Run, Stage, [Completed(lease)])).ShouldBe([CompletionOutcome.LeaseLost]);
        (await ledger.CountsAsync(Run, Stage)).ShouldBe(new SampleCounts(2, 0, 0, 0, 0));
        (await ledger.CountsAsync("other", Stage)).ShouldBe(new SampleCounts(0, 0, 0, 1, 0));
        (await ledger.CountsAsync("other", "align")).Total.ShouldBe(0);
        (await ledger.ArtifactsAsync(Run)).ShouldBeEmpty();
        (await ledger.RunsAsync()).Select(run => run.Id).Order().ShouldBe(["other", Run]);
    }

    private async Task<ILedger> OpenedAsync(string store, int samples)
    {
        ILedger ledger = await OpenAsync(store);
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
