namespace SeaCluster.ClusterBenchmark;

/// <summary>What is measured.</summary>
/// <param name="Ledger">The database; null: <c>ledger.db</c> in a folder of the measurement's own.</param>
/// <param name="Samples">Samples of the run.</param>
/// <param name="Workers">Worker processes.</param>
/// <param name="Slots">Samples side by side in each.</param>
/// <param name="Each">A sample's time on a lane.</param>
/// <param name="ArtifactBytes">Size of a result's file; 0: none.</param>
/// <param name="Lease">How long a lease lasts.</param>
/// <param name="Kill">Whether one worker is killed half way.</param>
public sealed record MeasurementOptions(string? Ledger, int Samples, int Workers, int Slots, TimeSpan Each, int ArtifactBytes, TimeSpan Lease, bool Kill);

/// <summary>What was measured.</summary>
public sealed record ClusterResult
{
    /// <summary>Worker processes.</summary>
    public required int Workers { get; init; }

    /// <summary>Samples of the run.</summary>
    public required int Samples { get; init; }

    /// <summary>Samples enqueued a second, by one process.</summary>
    public required double EnqueuedPerSecond { get; init; }

    /// <summary>From the first lease to the last completion, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Completions a second.</summary>
    public required double PerSecond { get; init; }

    /// <summary>Of what the lanes could do; null where they take no time.</summary>
    public double? Efficiency { get; init; }

    /// <summary>Processor time of the workers for a thousand samples, in seconds.</summary>
    public required double CpuSecondsPerThousand { get; init; }

    /// <summary>Largest memory of a worker, in bytes.</summary>
    public required long WorkerPeakBytes { get; init; }

    /// <summary>Largest memory of the process that enqueued and watched, in bytes.</summary>
    public required long DriverPeakBytes { get; init; }

    /// <summary>Size of the ledger at the end, in bytes; null where it is not known.</summary>
    public long? LedgerBytes { get; init; }

    /// <summary>From the kill of a worker until others had all that it had held, in seconds; null without a kill.</summary>
    public double? RecoverySeconds { get; init; }

    /// <summary>Reading the run's status at the end, in milliseconds: the median of nine.</summary>
    public required double StatusMilliseconds { get; init; }

    /// <summary>Reading a page of a hundred samples in the middle, in milliseconds: the median of nine.</summary>
    public required double PageMilliseconds { get; init; }

    /// <summary>What a server over the run takes for its pages and answers, in milliseconds.</summary>
    public required IReadOnlyList<ServedPage> Served { get; init; }

    /// <summary>Memory of that server, in bytes.</summary>
    public required long ServerPeakBytes { get; init; }
}

/// <summary>What a server answers.</summary>
/// <param name="Path">Where; <c>*</c> stands for the run.</param>
/// <param name="FirstMilliseconds">The first time it was asked.</param>
/// <param name="Milliseconds">The median of the next three, each so long after the one before that nothing kept is used.</param>
public sealed record ServedPage(string Path, double FirstMilliseconds, double Milliseconds);
