using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Work;

/// <summary>How a worker works.</summary>
/// <param name="Owner">Who it is, for people: machine, process.</param>
/// <param name="Lease">How long it keeps samples without a sign of life; it renews every third of this.</param>
/// <param name="LostLeases">A sample whose lease was lost so many times is quarantined.</param>
/// <param name="Retry">When failed samples are tried again.</param>
public sealed record WorkerOptions(string Owner, TimeSpan Lease, int LostLeases, RetryPolicy Retry)
{
    /// <summary>The folder of the artifact store that results go to.</summary>
    public string ArtifactFolder { get; init; } = Folders.RunFolder.EmbeddingsName;

    /// <summary>The results' file extension.</summary>
    public string ArtifactExtension { get; init; } = ".safetensors";

    /// <summary>As a spec says.</summary>
    public static WorkerOptions From(WorkOptions work) => new(
        $"{Environment.MachineName}:{Environment.ProcessId}",
        work.Lease,
        work.LostLeases,
        new RetryPolicy(work.Attempts, work.Backoff, work.BackoffLimit));

    internal LeaseTerms Terms => new(Owner, Lease, LostLeases);
}

/// <summary>Why a worker ended.</summary>
public enum WorkEnd
{
    /// <summary>Every sample of the stage is done or quarantined.</summary>
    Settled,

    /// <summary>It was asked to stop; what it had not finished is given back.</summary>
    Interrupted,
}

/// <summary>What a worker did.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="Done">Results recorded.</param>
/// <param name="Failures">Failures recorded, quarantines included.</param>
/// <param name="LeasesLost">Results thrown away because the lease was lost.</param>
public sealed record WorkOutcome(WorkEnd End, long Done, long Failures, long LeasesLost);

/// <summary>A sign of progress.</summary>
/// <param name="Done">Samples done, before this start too. Exact for a lone worker; what other workers settle meanwhile is not in it.</param>
/// <param name="Quarantined">Samples given up.</param>
/// <param name="Total">All samples of the stage.</param>
/// <param name="Sample">The sample just worked on.</param>
/// <param name="Loss">Its last loss.</param>
/// <param name="Error">Its error.</param>
public sealed record WorkProgress(long Done, long Quarantined, long Total, string Sample, double? Loss, string? Error);
