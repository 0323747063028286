using Orleans;

namespace SeaCluster.Orleans.Contracts;

/// <summary>One run, on the trainer silo: it prepares, hands the samples to the dataset grain, aligns with checkpoints, evaluates and reports. Its key is the run's id.</summary>
[Alias("sea.ITrainerGrain")]
public interface ITrainerGrain : IGrainWithStringKey
{
    /// <summary>Runs what is left of a run; nothing new while that is under way. A reminder begins again what a dead silo held.</summary>
    [Alias("Start"), ResponseTimeout("00:00:10")]
    Task StartAsync(RunReference run, CancellationToken cancel);

    /// <summary>How far it is, now and whenever that changes, up to its end.</summary>
    [Alias("Watch")]
    IAsyncEnumerable<TrainerProgress> WatchAsync(CancellationToken cancel);

    /// <summary>Stops it in a state from which it can go on.</summary>
    [Alias("Stop"), ResponseTimeout("00:00:30")]
    Task StopAsync(CancellationToken cancel);
}

/// <summary>How far a run is.</summary>
[GenerateSerializer, Immutable, Alias("sea.TrainerProgress")]
public sealed record TrainerProgress
{
    /// <summary>The stage; null before the first.</summary>
    [Id(0)]
    public string? Stage { get; init; }

    /// <summary>Samples, steps or cases.</summary>
    [Id(1)]
    public double Done { get; init; }

    /// <summary>... of so many.</summary>
    [Id(2)]
    public double Total { get; init; }

    /// <summary>A few words, or null.</summary>
    [Id(3)]
    public string? Detail { get; init; }

    /// <summary>Nothing is under way any more.</summary>
    [Id(4)]
    public bool Ended { get; init; }

    /// <summary>Why the run could not be gone on with, or null; a stage's failure is in the ledger.</summary>
    [Id(5)]
    public string? Error { get; init; }

    /// <summary>What to do about it, or null.</summary>
    [Id(6)]
    public string? Hint { get; init; }
}
