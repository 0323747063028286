using System.Diagnostics;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Work;

namespace SeaCluster.Orleans.Lanes;

/// <summary>The lane of this silo: what a sample grain runs its sample on. Its work is on threads of its own, not on the grains' scheduler.</summary>
internal interface ISiloLane
{
    /// <summary>Works on a sample beside others; returns once its artifact is durable, or with the reason that there is none.</summary>
    /// <param name="work">The sample.</param>
    /// <param name="cancel">Gives it up.</param>
    Task<LaneResult> RunAsync(SampleWork work, CancellationToken cancel);

    /// <summary>Why this silo will not hold grains of a run for a while: it could not open the lane; null where it will.</summary>
    /// <param name="sample">A sample grain's key.</param>
    string? WhyNot(string sample);
}

/// <summary>What came of a sample on a lane.</summary>
internal sealed record LaneResult
{
    /// <summary>The artifact; null where there is none.</summary>
    public StoredFile? Artifact { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }

    /// <summary>Why the lane cannot work at all.</summary>
    public string? Unable { get; init; }

    /// <summary>The last loss.</summary>
    public double? Loss { get; init; }

    /// <summary>The steps it took.</summary>
    public int? Steps { get; init; }

    /// <summary>The time it took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Anything else worth keeping, JSON.</summary>
    public string? Detail { get; init; }
}

/// <summary>Opens the lane for a run: its model and where its results go.</summary>
internal interface ILaneSource
{
    /// <exception cref="Models.SeaException">This machine cannot work on the run.</exception>
    Task<OpenedLane> OpenAsync(RunReference run, string stage, CancellationToken stop);
}

/// <summary>A lane that is open.</summary>
/// <param name="Processor">Does the work; the same code that <c>sea worker</c> runs.</param>
/// <param name="Artifacts">Where results go.</param>
/// <param name="Folder">The folder of the store that they go to.</param>
/// <param name="Extension">Their file extension.</param>
internal sealed record OpenedLane(ISampleProcessor Processor, IArtifactStore Artifacts, string Folder, string Extension) : IAsyncDisposable
{
    /// <summary>What is closed with the lane, after it.</summary>
    public IAsyncDisposable? Owner { get; init; }

    /// <summary>The part that this lane has in the run's trace, from its opening to its end; null where nobody listens.</summary>
    public Activity? Trace { get; init; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Trace?.Dispose();
        await new OwnedProcessor(Processor).DisposeAsync();
        await (Owner?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
