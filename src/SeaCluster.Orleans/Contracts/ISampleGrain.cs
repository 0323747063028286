using Orleans;
using Orleans.Runtime;

namespace SeaCluster.Orleans.Contracts;

/// <summary>One sample of a run. Its key is <see cref="KeyOf"/>; it lives on a silo that has a GPU.</summary>
[Alias("sea.ISampleGrain")]
public interface ISampleGrain : IGrainWithStringKey
{
    /// <summary>
    /// Has the sample worked on, by the lane of the silo that holds the grain, and waits a few seconds for the result. Called again it goes on waiting, and gives the
    /// result of earlier work on the same input without doing it again.
    /// </summary>
    /// <param name="work">What to do.</param>
    /// <param name="cancel">Gives the work up.</param>
    [Alias("Run"), ResponseTimeout("00:00:10")]
    Task<SampleReport> RunAsync(SampleWork work, CancellationToken cancel);

    /// <summary>The ledger has the result: the grain's own record of it may go.</summary>
    [Alias("Forget"), ResponseTimeout("00:00:10")]
    Task ForgetAsync(CancellationToken cancel);

    /// <summary>The grain of a sample.</summary>
    static string KeyOf(string run, string stage, string sample) => $"{run}/{stage}/{sample}";
}

/// <summary>A sample, with all that work on it needs.</summary>
[GenerateSerializer, Immutable, Alias("sea.SampleWork")]
public sealed record SampleWork
{
    /// <summary>Of which run.</summary>
    [Id(0)]
    public required RunReference Run { get; init; }

    /// <summary>Of which stage.</summary>
    [Id(1)]
    public required string Stage { get; init; }

    /// <summary>Its id.</summary>
    [Id(2)]
    public required string Sample { get; init; }

    /// <summary>All that the work needs, JSON.</summary>
    [Id(3)]
    public required string Input { get; init; }

    /// <summary>The frozen spec's hash.</summary>
    [Id(4)]
    public required string SpecHash { get; init; }

    /// <summary>Its place in the run's order.</summary>
    [Id(5)]
    public required long Ordinal { get; init; }

    /// <summary>From 1: how often the ledger gave it out.</summary>
    [Id(6)]
    public required int Attempt { get; init; }
}

/// <summary>How far work on a sample is.</summary>
[GenerateSerializer, Immutable, Alias("sea.SampleReport")]
public sealed record SampleReport
{
    /// <summary>False: it is still worked on; ask again.</summary>
    [Id(0)]
    public bool Ended { get; init; }

    /// <summary>The silo that holds it.</summary>
    [Id(1)]
    public required SiloAddress Silo { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    [Id(2)]
    public string? Error { get; init; }

    /// <summary>Why this silo's lane cannot work at all, which is not the sample's fault; null when it can.</summary>
    [Id(3)]
    public string? Unable { get; init; }

    /// <summary>The artifact's name below the run folder; durable before this is said.</summary>
    [Id(4)]
    public string? Artifact { get; init; }

    /// <summary>Its sha256, hexadecimal.</summary>
    [Id(5)]
    public string? Hash { get; init; }

    /// <summary>Its size.</summary>
    [Id(6)]
    public long Bytes { get; init; }

    /// <summary>The last loss.</summary>
    [Id(7)]
    public double? Loss { get; init; }

    /// <summary>The steps it took.</summary>
    [Id(8)]
    public int? Steps { get; init; }

    /// <summary>The time it took.</summary>
    [Id(9)]
    public TimeSpan? Duration { get; init; }

    /// <summary>Anything else worth keeping, JSON.</summary>
    [Id(10)]
    public string? Detail { get; init; }
}
