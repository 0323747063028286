namespace SeaCluster.Runs.Faults;

/// <summary>Places where a test may make a run fail or die.</summary>
public enum FaultPoint
{
    /// <summary>Leases are in the ledger, the worker does not have them yet.</summary>
    Leased,

    /// <summary>An artifact's bytes are in the temporary file, not synced.</summary>
    ArtifactWritten,

    /// <summary>An artifact is synced under its temporary name.</summary>
    ArtifactSynced,

    /// <summary>An artifact has its name; the ledger does not know.</summary>
    ArtifactPublished,

    /// <summary>A ledger transaction is about to commit.</summary>
    Committing,

    /// <summary>A ledger transaction has committed; its caller does not know.</summary>
    Committed,

    /// <summary>A worker is about to renew its leases.</summary>
    Renewing,

    /// <summary>An event is in the ledger, not in <c>events.jsonl</c>.</summary>
    EventMirroring,

    /// <summary>A stage has ended; the ledger does not know.</summary>
    StageEnding,
}

/// <summary>Fault injection. Costs one read of a static field where no test is under way.</summary>
public static class Fault
{
    private static readonly AsyncLocal<Scope?> Current = new();
    private static int _armed;

    /// <summary>Until disposed, calls <paramref name="action"/> wherever the calling flow (and what it starts) reaches a fault point.</summary>
    public static IDisposable Arm(Action<FaultPoint> action)
    {
        Scope scope = new(action, Current.Value);
        Current.Value = scope;
        Interlocked.Increment(ref _armed);
        return scope;
    }

    /// <summary>Until disposed, throws <paramref name="error"/> at the <paramref name="time"/>-th pass (from 1) of a point.</summary>
    public static IDisposable Throw(FaultPoint point, Func<Exception> error, int time = 1)
    {
        int passes = 0;
        return Arm(reached =>
        {
            if (reached == point && Interlocked.Increment(ref passes) == time)
            {
                throw error();
            }
        });
    }

    internal static void Reach(FaultPoint point)
    {
        if (Volatile.Read(ref _armed) == 0)
        {
            return;
        }

        for (Scope? scope = Current.Value; scope is not null; scope = scope.Outer)
        {
            scope.Call(point);
        }
    }

    private sealed class Scope(Action<FaultPoint> action, Scope? outer) : IDisposable
    {
        private int _disposed;

        public Scope? Outer => outer;

        public void Call(FaultPoint point)
        {
            if (Volatile.Read(ref _disposed) == 0)
            {
                action(point);
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref _armed);
                Current.Value = outer;
            }
        }
    }
}
