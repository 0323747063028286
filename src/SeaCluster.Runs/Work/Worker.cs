using System.Threading.Channels;
using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Work;

/// <summary>
/// Works a stage's samples off: leases from the ledger, runs them through a processor, makes each artifact durable and then records the
/// result, renews its leases meanwhile. Any number of workers may work on one stage.
/// </summary>
public sealed class Worker(ILedger ledger, IArtifactStore artifacts, WorkerOptions options, TimeProvider time)
{
    // Results published in one transaction, at most: as many as came while the last ones were made durable. A lane is not kept waiting for the disk until twice as many are due.
    private const int Group = 512;

    /// <summary>Works until every sample of the stage is settled or it is asked to end.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="processor">Does the work.</param>
    /// <param name="progress">Where every settled sample is told.</param>
    /// <param name="stop">Asks to end at once: unfinished samples are given back.</param>
    /// <param name="drain">Asks to finish what is in hand and to take no more.</param>
    /// <exception cref="SeaException">The ledger or the artifact store failed; leases are given back where that still works.</exception>
    public async Task<WorkOutcome> RunAsync(
        string run, string stage, ISampleProcessor processor, IProgress<WorkProgress>? progress, CancellationToken stop, CancellationToken drain = default)
    {
        using LeaseDesk desk = new(ledger, run, stage, options, time, drain);
        Publisher publisher = new(ledger, artifacts, options, run, stage, desk, progress);
        await publisher.StartAsync(stop);
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task renewing = desk.RenewAsync(ending.Token);
        Task<WorkEnd> working = WorkAsync(desk, publisher, processor, drain, ending.Token);
        await Task.WhenAny(working, renewing);
        await ending.CancelSoonAsync();
        await ((Task)working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (working.IsCompletedSuccessfully)
        {
            // What was leased ahead and is not wanted any more.
            await desk.ReleaseAsync();
            return publisher.Outcome(await working);
        }

        if (working.IsFaulted || renewing.IsFaulted)
        {
            await ReleaseAfterErrorAsync(desk);
            await (working.IsFaulted ? working : renewing);
        }

        await desk.ReleaseAsync();
        return publisher.Outcome(WorkEnd.Interrupted);
    }

    private async Task<WorkEnd> WorkAsync(LeaseDesk desk, Publisher publisher, ISampleProcessor processor, CancellationToken drain, CancellationToken cancel)
    {
        while (true)
        {
            long takenBefore = desk.Taken;
            try
            {
                await PumpAsync(desk, publisher, processor, cancel);
            }
            catch (Exception error) when (error is not OperationCanceledException && !publisher.Failed && desk.Held.Count > 0)
            {
                await IsolateAsync(desk, publisher, processor, error, cancel);
                continue;
            }

            await publisher.PublishAsync([.. desk.Held.Select(sample => SampleResult.Failed(sample, "the processor ended without a result for it"))]);
            if (await ledger.NextAvailableAsync(desk.Run, desk.Stage, cancel) is null)
            {
                return WorkEnd.Settled;
            }

            if (drain.IsCancellationRequested)
            {
                return WorkEnd.Interrupted;
            }

            if (desk.Taken == takenBefore)
            {
                throw new SeaException($"{desk.Stage}: the processor ended while samples were left");
            }
        }
    }

    /// <summary>Runs a processor to its end, publishing as it yields. Results that were yielded are published even when it then throws.</summary>
    private static async Task PumpAsync(ISampleQueue queue, Publisher publisher, ISampleProcessor processor, CancellationToken cancel)
    {
        Channel<SampleResult> results = Channel.CreateBounded<SampleResult>(new BoundedChannelOptions(Group) { SingleReader = true, SingleWriter = true });
        using CancellationTokenSource broken = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task publishing = PublishAsync(results.Reader, publisher, broken);
        try
        {
            await foreach (SampleResult result in processor.RunAsync(queue, broken.Token).WithCancellation(broken.Token))
            {
                await results.Writer.WriteAsync(result, broken.Token);
            }
        }
        catch (OperationCanceledException) when (broken.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            // The publisher failed and stopped the processor; its own error, awaited below, is the one to tell.
        }
        finally
        {
            results.Writer.Complete();
            await publishing;
        }

        cancel.ThrowIfCancellationRequested();
    }

    private static async Task PublishAsync(ChannelReader<SampleResult> results, Publisher publisher, CancellationTokenSource broken)
    {
        try
        {
            List<SampleResult> group = new(Group);
            while (await results.WaitToReadAsync(CancellationToken.None))
            {
                group.Clear();
                while (group.Count < Group && results.TryRead(out SampleResult? result))
                {
                    group.Add(result);
                }

                await publisher.PublishAsync(group);
            }
        }
        catch
        {
            await broken.CancelSoonAsync();
            throw;
        }
    }

    /// <summary>
    /// The processor threw with samples in hand, and which one did it is not known: each is tried alone. Those that throw again failed; when
    /// more than one was in hand and all throw, the processor itself is broken and its error ends the stage.
    /// </summary>
    private static async Task IsolateAsync(LeaseDesk desk, Publisher publisher, ISampleProcessor processor, Exception error, CancellationToken cancel)
    {
        List<SampleResult> failed = [];
        IReadOnlyList<WorkSample> suspects = desk.Held;
        foreach (WorkSample sample in suspects)
        {
            try
            {
                if (suspects.Count == 1)
                {
                    failed.Add(SampleResult.Failed(sample, Describe(error)));
                    break;
                }

                await PumpAsync(new SingleSample(sample, desk.BatchOf(sample)), publisher, processor, cancel);
                if (desk.Held.Contains(sample))
                {
                    failed.Add(SampleResult.Failed(sample, $"the processor ended without a result for it, after: {Describe(error)}"));
                }
            }
            catch (Exception again) when (again is not OperationCanceledException && !publisher.Failed)
            {
                failed.Add(SampleResult.Failed(sample, Describe(again)));
            }
        }

        if (suspects.Count > 1 && failed.Count == suspects.Count)
        {
            throw new SeaException($"the work failed on each of {suspects.Count} samples: {Describe(error)}", inner: error);
        }

        await publisher.PublishAsync(failed);
    }

    private static string Describe(Exception error) => error is SeaException ? error.Message : $"{error.GetType().Name}: {error.Message}";

    private static async Task ReleaseAfterErrorAsync(LeaseDesk desk)
    {
        try
        {
            await desk.ReleaseAsync();
        }
        catch (SeaException)
        {
            // The ledger is what failed; the leases end by time, and the first error is the one to tell.
        }
    }

    private sealed class SingleSample(WorkSample sample, WorkBatch? batch) : ISampleQueue
    {
        private bool _taken;

        public ValueTask<IReadOnlyList<WorkSample>> TakeAsync(int count, bool wait, CancellationToken cancel) =>
            ValueTask.FromResult<IReadOnlyList<WorkSample>>(Once() ? [sample] : []);

        public ValueTask<WorkBatch?> TakeBatchAsync(CancellationToken cancel) => ValueTask.FromResult(batch is not null && Once()
            ? batch with { Samples = [sample], Companions = [.. batch.Companions, .. batch.Samples.Where(other => other != sample).Select(Companion)] }
            : null);

        private bool Once() => !Interlocked.Exchange(ref _taken, true);

        private static SampleRow Companion(WorkSample other) =>
            new(other.Id, other.Ordinal, SampleState.Leased) { Input = other.Input, Batch = other.Lease.Batch, SpecHash = other.Lease.SpecHash };
    }
}
