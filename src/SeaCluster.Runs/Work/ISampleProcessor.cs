using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Work;

/// <summary>
/// Does the work on samples: a lane. It pulls samples from the queue whenever it has room (continuous refill), and yields each result as
/// soon as there is one, in any order.
/// </summary>
public interface ISampleProcessor
{
    /// <summary>
    /// Works until the queue is empty. A sample's own error is a result (<see cref="SampleResult.Failed"/>), not an exception. An exception
    /// is laid to the samples in hand, which are then tried one by one; if all of them throw, it is laid to the processor and ends the stage.
    /// </summary>
    /// <param name="queue">Where samples come from.</param>
    /// <param name="cancel">Asks to stop at once: throw <see cref="OperationCanceledException"/>; unfinished samples are given back.</param>
    IAsyncEnumerable<SampleResult> RunAsync(ISampleQueue queue, CancellationToken cancel);
}

/// <summary>Hands out leased samples to one processor.</summary>
public interface ISampleQueue
{
    /// <summary>
    /// Takes up to <paramref name="count"/> samples in the run's order. Without <paramref name="wait"/> an empty answer means that there is
    /// none just now: go on with those in hand. With it the call waits (for a failed sample's next attempt, for another worker's end), and an
    /// empty answer means that the stage has none left. Wait only with nothing in hand.
    /// </summary>
    ValueTask<IReadOnlyList<WorkSample>> TakeAsync(int count, bool wait, CancellationToken cancel);

    /// <summary>Takes the next fixed batch of a plan that has them, waiting for one; null means that the stage has none left.</summary>
    ValueTask<WorkBatch?> TakeBatchAsync(CancellationToken cancel);
}

/// <summary>A sample in a processor's hands.</summary>
public sealed class WorkSample(Lease lease)
{
    private volatile bool _lost;

    /// <summary>Its id.</summary>
    public string Id => lease.Sample;

    /// <summary>All that the work needs, JSON.</summary>
    public string Input => lease.Input;

    /// <summary>From 1: how often work on it was begun.</summary>
    public int Attempt => lease.Attempt;

    /// <summary>Its place in the run's order.</summary>
    public long Ordinal => lease.Ordinal;

    /// <summary>What writes hang on.</summary>
    public Lease Lease => lease;

    /// <summary>Whether another worker may have it by now: its result will not count, so it can be dropped.</summary>
    public bool LeaseLost
    {
        get => _lost;
        internal set => _lost = value;
    }
}

/// <summary>A fixed batch of a plan.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Samples">To be done, in order.</param>
/// <param name="Companions">Done or given up before: they only keep the batch composed as the plan says; results for them are not expected.</param>
public sealed record WorkBatch(int Number, IReadOnlyList<WorkSample> Samples, IReadOnlyList<SampleRow> Companions);

/// <summary>What came of a sample.</summary>
public sealed record SampleResult
{
    private SampleResult(WorkSample sample) => Sample = sample;

    /// <summary>Which one.</summary>
    public WorkSample Sample { get; }

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Error { get; private init; }

    /// <summary>Writes the artifact; null where the result is all in <see cref="Detail"/>.</summary>
    public ArtifactContent? Content { get; private init; }

    /// <summary>A file that is the artifact already, elsewhere, with its hash and size; null where <see cref="Content"/> writes it.</summary>
    public (string Path, StoredFile File)? Made { get; private init; }

    /// <summary>The last loss.</summary>
    public double? Loss { get; init; }

    /// <summary>The steps it took.</summary>
    public int? Steps { get; init; }

    /// <summary>The time it took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Anything else worth keeping with it, JSON.</summary>
    public string? Detail { get; init; }

    /// <summary>It is done, and its artifact is what <paramref name="content"/> writes (called once, soon, on another thread).</summary>
    public static SampleResult Done(WorkSample sample, ArtifactContent? content) => new(sample) { Content = content };

    /// <summary>It was done elsewhere, and its artifact is the file there, verified.</summary>
    public static SampleResult TakenOver(WorkSample sample, string path, StoredFile file) => new(sample) { Made = (path, file) };

    /// <summary>It failed; it is tried again, up to the spec's limit.</summary>
    public static SampleResult Failed(WorkSample sample, string error) => new(sample) { Error = error };
}
