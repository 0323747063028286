using System.Reflection;
using System.Runtime.CompilerServices;
using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Tests.Work;

/// <summary>A lane does not stand still for the ledger, and nothing is held back from others for that.</summary>
public sealed class LeasesAheadTests : IDisposable
{
    private const int Slots = 8, Ahead = Slots / 4, Plenty = 16 * Slots;
    private static readonly WorkerOptions Options = new("worker", TimeSpan.FromSeconds(30), 100, new RetryPolicy(2, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)));
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteLedger _ledger;
    private readonly ILedger _gated;
    private Func<int, Task> _beforeLease = _ => Task.CompletedTask;

    public LeasesAheadTests()
    {
        _ledger = SqliteLedger.Open(_folder.PathOf("ledger.db"), TimeProvider.System);
        _gated = DispatchProxy.Create<ILedger, Gated>();
        int calls = 0;
        ((Gated)(object)_gated).Inner = _ledger;
        ((Gated)(object)_gated).BeforeLease = () => _beforeLease(++calls);
    }

    public void Dispose()
    {
        _ledger.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_lane_is_handed_what_was_leased_while_it_worked_and_never_waits_with_samples_in_hand()
    {
        await EnqueueAsync(Plenty + 40);
        TaskCompletionSource asked = new(), answer = new();
        _beforeLease = call =>
        {
            // The first is the lane's own, the second the one ahead; the third does not come back until the test says so.
            if (call < 3)
            {
                return Task.CompletedTask;
            }

            asked.TrySetResult();
            return answer.Task;
        };
        WorkOutcome outcome = await RunAsync(Script);
        outcome.ShouldBe(new WorkOutcome(WorkEnd.Settled, Plenty + 40, 0, 0));

        async IAsyncEnumerable<SampleResult> Script(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
        {
            Queue<WorkSample> hand = new(await queue.TakeAsync(Slots, wait: true, cancel));
            hand.Select(sample => sample.Id).ShouldBe(Enumerable.Range(0, Slots).Select(n => $"s{n}"));
            await UntilAsync(async () => (await CountsAsync()).Leased == Slots + Ahead);
            yield return SampleResult.Done(hand.Dequeue(), null);
            WorkSample next = (await queue.TakeAsync(1, wait: false, cancel)).Single();
            next.Id.ShouldBe($"s{Slots}");
            hand.Enqueue(next);
            hand.Enqueue((await queue.TakeAsync(5, wait: false, cancel)).Single());
            await asked.Task;
            (await queue.TakeAsync(5, wait: false, cancel)).ShouldBeEmpty("there are more, but the lane goes on with what it has");

            while (hand.TryDequeue(out WorkSample? sample))
            {
                yield return SampleResult.Done(sample, null);
            }

            ValueTask<IReadOnlyList<WorkSample>> waiting = queue.TakeAsync(Slots, wait: true, cancel);
            waiting.IsCompleted.ShouldBeFalse();
            answer.SetResult();
            IReadOnlyList<WorkSample> taken = await waiting;
            while (taken.Count > 0)
            {
                foreach (WorkSample sample in taken)
                {
                    yield return SampleResult.Done(sample, null);
                }

                taken = await queue.TakeAsync(Slots, wait: true, cancel);
            }
        }
    }

    [Fact]
    public async Task What_was_leased_ahead_is_given_back_as_if_nothing_had_been()
    {
        await EnqueueAsync(Plenty + 40);
        using CancellationTokenSource drain = new();
        WorkOutcome outcome = await RunAsync(Script, drain.Token);
        outcome.ShouldBe(new WorkOutcome(WorkEnd.Interrupted, Slots, 0, 0));
        (await CountsAsync()).ShouldBe(new SampleCounts(Plenty + 40 - Slots, 0, 0, Slots, 0));
        (await _ledger.SamplesAsync("run", "synthesize", new SampleQuery(After: Slots - 1))).ShouldAllBe(row => row.Attempts == 0);

        async IAsyncEnumerable<SampleResult> Script(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
        {
            IReadOnlyList<WorkSample> hand = await queue.TakeAsync(Slots, wait: true, cancel);
            await UntilAsync(async () => (await CountsAsync()).Leased == Slots + Ahead);
            await drain.CancelAsync();
            (await queue.TakeAsync(1, wait: false, cancel)).ShouldBeEmpty();
            foreach (WorkSample sample in hand)
            {
                yield return SampleResult.Done(sample, null);
            }
        }
    }

    [Fact]
    public async Task With_few_samples_left_nothing_is_held_back_from_others()
    {
        await EnqueueAsync(Plenty + Slots - 1);
        int most = 0;
        WorkOutcome outcome = await RunAsync(Script);
        outcome.ShouldBe(new WorkOutcome(WorkEnd.Settled, Plenty + Slots - 1, 0, 0));
        most.ShouldBe(Slots);

        async IAsyncEnumerable<SampleResult> Script(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
        {
            IReadOnlyList<WorkSample> hand;
            while ((hand = await queue.TakeAsync(Slots, wait: true, cancel)).Count > 0)
            {
                most = Math.Max(most, (int)(await CountsAsync()).Leased);
                foreach (WorkSample sample in hand)
                {
                    yield return SampleResult.Done(sample, null);
                }

                // All are recorded before more are taken, so that what is leased is what is in hand.
                await UntilAsync(async () => (await CountsAsync()).Leased == 0);
            }
        }
    }

    [Fact]
    public async Task A_ledger_that_fails_ends_the_work_with_its_error_and_what_was_done_is_kept()
    {
        await EnqueueAsync(Plenty + 40);
        _beforeLease = call => call > 1 ? Task.FromException(new SeaException("the disk is full")) : Task.CompletedTask;
        SeaException error = await Should.ThrowAsync<SeaException>(() => RunAsync((queue, cancel) => new FakeLane(Slots, _ => { }).RunAsync(queue, cancel)));
        error.Message.ShouldContain("the disk is full");
        (await CountsAsync()).ShouldBe(new SampleCounts(Plenty + 40 - Slots, 0, 0, Slots, 0));
    }

    private Task<WorkOutcome> RunAsync(Func<ISampleQueue, CancellationToken, IAsyncEnumerable<SampleResult>> script, CancellationToken drain = default) =>
        new Worker(_gated, new FolderArtifactStore(_folder.Path), Options, TimeProvider.System).RunAsync("run", "synthesize", new ScriptedProcessor(script), null, CancellationToken.None, drain);

    private async Task EnqueueAsync(int count)
    {
        await _ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        await _ledger.EnqueueAsync("run", "synthesize", "hash", [.. Enumerable.Range(0, count).Select(n => new NewSample($"s{n}", "good"))]);
    }

    private Task<SampleCounts> CountsAsync() => _ledger.CountsAsync("run", "synthesize");

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        while (!await holds())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>A ledger whose lease calls a test holds up or breaks.</summary>
    internal class Gated : DispatchProxy
    {
        public ILedger Inner { get; set; } = null!;

        public Func<Task> BeforeLease { get; set; } = () => Task.CompletedTask;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name == nameof(ILedger.LeaseAsync)
            ? LeaseAsync((string)args![0]!, (string)args[1]!, (int)args[2]!, (LeaseTerms)args[3]!, (CancellationToken)args[4]!)
            : targetMethod.Invoke(Inner, BindingFlags.DoNotWrapExceptions, null, args, null);

        private async Task<IReadOnlyList<Lease>> LeaseAsync(string run, string stage, int count, LeaseTerms terms, CancellationToken cancel)
        {
            await BeforeLease();
            return await Inner.LeaseAsync(run, stage, count, terms, cancel);
        }
    }
}
