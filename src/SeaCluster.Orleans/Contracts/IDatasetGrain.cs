using Orleans;

namespace SeaCluster.Orleans.Contracts;

/// <summary>All samples of one run's synthesis. Its key is the run's id.</summary>
[Alias("sea.IDatasetGrain")]
public interface IDatasetGrain : IGrainWithStringKey
{
    /// <summary>Has the run's samples worked off by sample grains; nothing new while that is under way. A reminder begins again what a dead silo held.</summary>
    [Alias("Start"), ResponseTimeout("00:00:10")]
    Task StartAsync(RunReference run, CancellationToken cancel);

    /// <summary>How far it is, now and whenever that changes, up to its end.</summary>
    [Alias("Watch")]
    IAsyncEnumerable<DatasetProgress> WatchAsync(CancellationToken cancel);

    /// <summary>Gives back what is in hand and ends.</summary>
    [Alias("Stop"), ResponseTimeout("00:00:20")]
    Task StopAsync(CancellationToken cancel);
}

/// <summary>How far the samples of a run are.</summary>
[GenerateSerializer, Immutable, Alias("sea.DatasetProgress")]
public sealed record DatasetProgress
{
    /// <summary>Done or quarantined.</summary>
    [Id(0)]
    public long Settled { get; init; }

    /// <summary>All samples; 0 until that is known.</summary>
    [Id(1)]
    public long Total { get; init; }

    /// <summary>A few words, or null.</summary>
    [Id(2)]
    public string? Detail { get; init; }

    /// <summary>Nothing is under way any more.</summary>
    [Id(3)]
    public bool Ended { get; init; }

    /// <summary>Why it ended early, or null.</summary>
    [Id(4)]
    public string? Error { get; init; }

    /// <summary>What to do about it, or null.</summary>
    [Id(5)]
    public string? Hint { get; init; }
}
