using System.Collections.Concurrent;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Work;

/// <summary>A worker's leases: takes them, renews them, knows which are in hand.</summary>
internal sealed class LeaseDesk(ILedger ledger, string run, string stage, WorkerOptions options, TimeProvider time, CancellationToken drain) : ISampleQueue, IDisposable
{
    // How long a worker with nothing to do waits before it looks whether the others are through: soon at first, then seldom, since there may be thousands of them.
    private static readonly TimeSpan s_firstLook = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longestLook = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, WorkSample> _held = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<WorkSample, WorkBatch> _batches = new();
    private readonly LeasesAhead _ahead = new(
        async (count, cancel) => Accept(await ledger.LeaseAsync(run, stage, count, options.Terms, cancel)), async cancel => (await ledger.CountsAsync(run, stage, cancel)).Pending);
    private CancellationTokenSource _settled = new();
    private long _taken;
    private int _most;

    public string Run => run;

    public string Stage => stage;

    public IReadOnlyList<WorkSample> Held => [.. _held.Values.OrderBy(sample => sample.Ordinal)];

    public async ValueTask<IReadOnlyList<WorkSample>> TakeAsync(int count, bool wait, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        TimeSpan look = s_firstLook;
        while (true)
        {
            if (drain.IsCancellationRequested)
            {
                return [];
            }

            List<WorkSample> ready = await _ahead.TakeAsync(count, cancel);
            if (ready.Count > 0)
            {
                Hand(ready);
                _ahead.Begin(_most, cancel);
                return ready;
            }

            if (_ahead.IsUnderWay)
            {
                if (!wait)
                {
                    return []; // They come while the lane goes on with what it has.
                }

                await _ahead.ArriveAsync(cancel);
                continue;
            }

            CancellationToken changed = Volatile.Read(ref _settled).Token;
            List<WorkSample> taken = Accept(await ledger.LeaseAsync(run, stage, count, options.Terms, cancel));
            if (taken.Count > 0 || !wait || !await WaitAsync(look, changed, cancel))
            {
                Hand(taken);
                if (taken.Count == count)
                {
                    _ahead.Begin(_most, cancel);
                }

                return taken;
            }

            look = Later(look);
        }
    }

    public async ValueTask<WorkBatch?> TakeBatchAsync(CancellationToken cancel)
    {
        TimeSpan look = s_firstLook;
        while (true)
        {
            if (drain.IsCancellationRequested)
            {
                return null;
            }

            CancellationToken changed = Volatile.Read(ref _settled).Token;
            LeasedBatch? leased = await ledger.LeaseBatchAsync(run, stage, options.Terms, cancel);
            if (leased is not null)
            {
                List<WorkSample> taken = Accept(leased.Leases);
                Hand(taken);
                WorkBatch batch = new(leased.Batch, taken, leased.Companions);
                foreach (WorkSample sample in batch.Samples)
                {
                    _batches[sample] = batch;
                }

                return batch;
            }

            if (!await WaitAsync(look, changed, cancel))
            {
                return null;
            }

            look = Later(look);
        }
    }

    /// <summary>How many samples were ever taken.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>The batch that a sample was taken with, if it was.</summary>
    public WorkBatch? BatchOf(WorkSample sample) => _batches.GetValueOrDefault(sample);

    /// <summary>The worker is through with these samples.</summary>
    public void Settle(IEnumerable<WorkSample> samples)
    {
        foreach (WorkSample sample in samples)
        {
            _held.TryRemove(KeyValuePair.Create(sample.Id, sample));
            _batches.TryRemove(sample, out _);
        }

        // Not disposed: who waits may be about to look at it.
        Interlocked.Exchange(ref _settled, new CancellationTokenSource()).Cancel();
    }

    /// <summary>Renews until cancelled.</summary>
    public async Task RenewAsync(CancellationToken cancel)
    {
        TimeSpan every = options.Lease / 3;
        while (true)
        {
            await Task.Delay(every, time, cancel);
            List<WorkSample> held = [.. Held.Concat(_ahead.Waiting).Where(sample => !sample.LeaseLost)];
            if (held.Count == 0)
            {
                continue;
            }

            Fault.Reach(FaultPoint.Renewing);
            HashSet<LeaseKey> lost = [.. await ledger.RenewAsync(run, stage, [.. held.Select(sample => sample.Lease.Key)], options.Lease, cancel)];
            foreach (WorkSample sample in held.Where(sample => lost.Contains(sample.Lease.Key)))
            {
                sample.LeaseLost = true;
            }
        }
    }

    /// <summary>Gives back what is in hand.</summary>
    public async Task ReleaseAsync()
    {
        List<WorkSample> held = [.. Held, .. await _ahead.EndAsync()];
        if (held.Count > 0)
        {
            await ledger.ReleaseAsync(run, stage, [.. held.Select(sample => sample.Lease.Key)], CancellationToken.None);
            _held.Clear();
        }
    }

    public void Dispose() => _settled.Dispose();

    private static List<WorkSample> Accept(IReadOnlyList<Lease> leases)
    {
        if (leases.Count > 0)
        {
            Fault.Reach(FaultPoint.Leased);
        }

        return [.. leases.Select(lease => new WorkSample(lease))];
    }

    private void Hand(List<WorkSample> samples)
    {
        foreach (WorkSample sample in samples)
        {
            // The same sample twice in hand: the older lease was lost by time, to ourselves.
            if (_held.TryGetValue(sample.Id, out WorkSample? older))
            {
                older.LeaseLost = true;
            }

            _held[sample.Id] = sample;
        }

        Interlocked.Add(ref _taken, samples.Count);
        _most = Math.Max(_most, _held.Count);
    }

    private static TimeSpan Later(TimeSpan look) => look + look < s_longestLook ? look + look : s_longestLook;

    /// <returns>False when nothing is left to wait for.</returns>
    private async Task<bool> WaitAsync(TimeSpan look, CancellationToken changed, CancellationToken cancel)
    {
        if (await ledger.NextAvailableAsync(run, stage, cancel) is not { } next)
        {
            return false;
        }

        TimeSpan wait = next - await ledger.NowAsync(cancel);
        if (wait <= TimeSpan.Zero)
        {
            return true;
        }

        // Other workers settle samples without telling us.
        wait = wait > look ? look : wait;
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(cancel, drain, changed);
        await Task.Delay(wait, time, enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        // Whoever settled a sample goes on with its own work, not with ours.
        await Task.Yield();
        cancel.ThrowIfCancellationRequested();
        return true;
    }
}
