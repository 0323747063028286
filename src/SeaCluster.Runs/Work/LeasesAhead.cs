using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Work;

/// <summary>
/// Samples that are leased before the lane has room for them, so that it never stands still for the ledger. As many as a quarter of what it had in hand at most; none once few samples are
/// left, so that no worker keeps what another could begin.
/// </summary>
/// <param name="lease">Leases up to so many.</param>
/// <param name="pending">How many samples nobody has begun.</param>
internal sealed class LeasesAhead(Func<int, CancellationToken, Task<List<WorkSample>>> lease, Func<CancellationToken, Task<long>> pending)
{
    // So many times what this lane has in hand must be left: a quarter of it, ahead in each of 64 such workers.
    private const int Plenty = 16;
    private const int Part = 4;

    private readonly Lock _gate = new();
    private readonly Queue<WorkSample> _waiting = new();
    private Task? _coming;

    /// <summary>Whether a lease call is under way, so that there is nothing to be had for the moment.</summary>
    public bool IsUnderWay => _coming is { IsCompleted: false };

    /// <summary>What is leased and not yet taken.</summary>
    public IReadOnlyList<WorkSample> Waiting
    {
        get
        {
            lock (_gate)
            {
                return [.. _waiting];
            }
        }
    }

    /// <summary>Takes what is there, at once.</summary>
    /// <exception cref="Models.SeaException">The lease call failed.</exception>
    public async Task<List<WorkSample>> TakeAsync(int count, CancellationToken cancel)
    {
        if (_coming is { IsCompleted: true })
        {
            await ArriveAsync(cancel);
        }

        return Taken(count);
    }

    /// <summary>Waits for the lease call that is under way.</summary>
    /// <exception cref="Models.SeaException">It failed.</exception>
    public async Task ArriveAsync(CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _coming, null) is { } coming)
        {
            try
            {
                await coming;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // Whoever began it was stopped, as a processor is after an error; what follows it goes on.
            }
        }
    }

    /// <summary>Begins to lease for a lane that has so many in hand at most, unless there is enough.</summary>
    public void Begin(int inHand, CancellationToken cancel)
    {
        int wanted = Math.Max(1, inHand / Part), there = Waiting.Count;
        if (_coming is null && there <= wanted / 2)
        {
            _coming = LeaseAsync(wanted - there, (long)inHand * Plenty, cancel);
        }
    }

    /// <summary>Takes no more, and gives what was not taken.</summary>
    public async Task<IReadOnlyList<WorkSample>> EndAsync()
    {
        if (Interlocked.Exchange(ref _coming, null) is { } coming)
        {
            // Where it failed, nothing was leased, or it ends by time; the work's own error is the one to tell.
            await coming.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        return Taken(int.MaxValue);
    }

    private List<WorkSample> Taken(int count)
    {
        List<WorkSample> taken = [];
        lock (_gate)
        {
            while (taken.Count < count && _waiting.TryDequeue(out WorkSample? sample))
            {
                if (!sample.LeaseLost)
                {
                    taken.Add(sample);
                }
            }
        }

        return taken;
    }

    // What came waits here at once, so that its leases are renewed with the others.
    private async Task LeaseAsync(int count, long plenty, CancellationToken cancel)
    {
        await Task.Yield();
        List<WorkSample> came = await pending(cancel) < plenty ? [] : await lease(count, cancel);
        lock (_gate)
        {
            came.ForEach(_waiting.Enqueue);
        }
    }
}
