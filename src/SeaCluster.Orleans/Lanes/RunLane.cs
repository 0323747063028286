using System.Diagnostics;
using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Work;

namespace SeaCluster.Orleans.Lanes;

/// <summary>The lane for one run: a queue that sample grains fill, behind the processor that empties it.</summary>
/// <param name="source">Opens the lane.</param>
/// <param name="run">The run.</param>
/// <param name="stage">The stage.</param>
/// <param name="time">The clock.</param>
/// <param name="wanted">Whether another run waits for this silo's device.</param>
internal sealed class RunLane(ILaneSource source, RunReference run, string stage, TimeProvider time, Func<bool> wanted) : ISampleQueue, IDisposable
{
    // Loading a model again takes longer than holding it for a while.
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private readonly LinkedList<Job> _waiting = new();
    private readonly Dictionary<string, Job> _jobs = new(StringComparer.Ordinal);
    private readonly HashSet<Job> _inHand = [];
    private readonly CancellationTokenSource _abandoned = new();
    private TaskCompletionSource _changed = NewSignal();
    private bool _closed;
    private bool _alone;

    /// <summary>Adds a sample, or joins the work on it that is under way.</summary>
    /// <param name="work">The sample.</param>
    /// <param name="result">Its result to come.</param>
    /// <param name="cancel">Gives it up.</param>
    /// <returns>False when this lane is closed.</returns>
    public bool TryAdd(SampleWork work, out Task<LaneResult> result, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (_closed)
            {
                result = Task.FromResult(new LaneResult { Unable = "the lane is closed" });
                return false;
            }

            if (!_jobs.TryGetValue(work.Sample, out Job? job) || job.Work.Input != work.Input)
            {
                job = new Job(work);
                _jobs[work.Sample] = job;
                _waiting.AddLast(job);
                Interlocked.Exchange(ref _changed, NewSignal()).SetResult();
            }

            job.Wanted++;
            cancel.Register(() => Withdraw(job));
            result = job.Result.Task.WaitAsync(cancel);
            return true;
        }
    }

    /// <summary>Works until there was nothing to do for a while, or nobody wants what is in hand.</summary>
    /// <returns>Why the lane could not be opened; null where it could.</returns>
    public async Task<string?> ServeAsync(CancellationToken stop)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stop, _abandoned.Token);
        OpenedLane lane;
        try
        {
            lane = await source.OpenAsync(run, stage, ending.Token);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            string reason = error is SeaException ? error.Message : $"{error.GetType().Name}: {error.Message}";
            Close(reason);
            return reason;
        }

        await using (lane)
        {
            Activity.Current = lane.Trace;
            try
            {
                while (await PumpAsync(lane, ending.Token))
                {
                }
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                Close("the lane was stopped");
            }
        }

        return null;
    }

    /// <summary>Takes no more; whatever is left is told that this lane is unable to do it.</summary>
    public void Close(string reason)
    {
        List<Job> left;
        lock (_gate)
        {
            _closed = true;
            left = [.. _jobs.Values];
            _jobs.Clear();
            _waiting.Clear();
            _inHand.Clear();
        }

        left.ForEach(job => job.Result.TrySetResult(new LaneResult { Unable = reason }));
    }

    /// <inheritdoc/>
    public void Dispose() => _abandoned.Dispose();

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<WorkSample>> TakeAsync(int count, bool wait, CancellationToken cancel)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                List<WorkSample> taken = [];
                while (taken.Count < (_alone ? 1 - _inHand.Count : count) && _waiting.First?.Value is { } job)
                {
                    _waiting.RemoveFirst();
                    _inHand.Add(job);
                    taken.Add(job.Sample);
                }

                if (taken.Count > 0 || !wait || _closed)
                {
                    return taken;
                }

                changed = _changed.Task;
            }

            using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            Task idle = Task.Delay(wanted() ? TimeSpan.Zero : s_idle, time, enough.Token);
            bool more = await Task.WhenAny(changed, idle) == changed;
            await enough.CancelAsync();
            cancel.ThrowIfCancellationRequested();
            lock (_gate)
            {
                if (!more && _waiting.Count == 0)
                {
                    _closed = true;
                    return [];
                }
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<WorkBatch?> TakeBatchAsync(CancellationToken cancel) =>
        throw new SeaException("fixed batches are not worked on by sample grains", "leave synthesize.deterministic out, or use 'sea worker'");

    /// <returns>False when the lane is through.</returns>
    private async Task<bool> PumpAsync(OpenedLane lane, CancellationToken stop)
    {
        try
        {
            await foreach (SampleResult result in lane.Processor.RunAsync(this, stop).WithCancellation(stop))
            {
                await FinishAsync(lane, result);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Blame(error);
            return true;
        }

        lock (_gate)
        {
            // A processor that was handed samples one at a time after an error goes on with all of them.
            bool isolated = _alone;
            _alone = false;
            return isolated && !_closed;
        }
    }

    private async Task FinishAsync(OpenedLane lane, SampleResult result)
    {
        Job? job;
        lock (_gate)
        {
            job = _inHand.FirstOrDefault(each => each.Sample == result.Sample);
        }

        if (job is null)
        {
            return;
        }

        LaneResult ended;
        try
        {
            StoredFile? artifact = result.Content is null ? null : await lane.Artifacts.WriteAsync(lane.Folder, job.Work.Sample, lane.Extension, result.Content, CancellationToken.None);
            ended = new LaneResult { Artifact = artifact, Error = result.Error, Loss = result.Loss, Steps = result.Steps, Duration = result.Duration, Detail = result.Detail };
        }
        catch (SeaException error)
        {
            // A full disk is this silo's trouble, not the sample's.
            ended = new LaneResult { Unable = error.Message };
        }

        Settle(job, ended);
    }

    // Which of the samples in hand made the processor throw is not known: each is tried alone, and who throws then is to blame.
    private void Blame(Exception error)
    {
        List<Job> suspects;
        lock (_gate)
        {
            suspects = [.. _inHand];
            _inHand.Clear();
            if (suspects.Count > 1)
            {
                _alone = true;
                suspects.Reverse();
                suspects.ForEach(job => _waiting.AddFirst(job));
                return;
            }
        }

        string reason = error is SeaException ? error.Message : $"{error.GetType().Name}: {error.Message}";
        if (suspects.Count == 0)
        {
            throw new SeaException(reason, inner: error);
        }

        Settle(suspects[0], new LaneResult { Error = reason });
    }

    private void Settle(Job job, LaneResult result)
    {
        lock (_gate)
        {
            _inHand.Remove(job);
            if (_jobs.TryGetValue(job.Work.Sample, out Job? mine) && mine == job)
            {
                _jobs.Remove(job.Work.Sample);
            }
        }

        job.Result.TrySetResult(result);
    }

    private void Withdraw(Job job)
    {
        bool abandoned;
        lock (_gate)
        {
            if (--job.Wanted > 0 || job.Result.Task.IsCompleted)
            {
                return;
            }

            if (_waiting.Remove(job))
            {
                _jobs.Remove(job.Work.Sample);
            }

            // What a lane has in hand cannot be taken from it; it is stopped once nobody waits for any of it.
            abandoned = _waiting.Count == 0 && _inHand.Count > 0 && _inHand.All(each => each.Wanted == 0);
            abandoned &= !_closed;
            _closed |= abandoned;
        }

        if (abandoned)
        {
            _abandoned.Cancel();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Job(SampleWork work)
    {
        public SampleWork Work => work;

        // The ledger's lease and its token stay with the dataset grain, who alone writes there.
        public WorkSample Sample { get; } = new(new Lease(work.Sample, 0, work.Attempt, work.Ordinal, null, work.SpecHash, work.Input, DateTimeOffset.MaxValue));

        public TaskCompletionSource<LaneResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Wanted { get; set; }
    }
}
