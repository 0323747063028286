namespace SeaCluster.Runs.Ledgers;

/// <summary>A sample to be worked on.</summary>
/// <param name="Id">Unique in its stage.</param>
/// <param name="Input">All that the work needs, JSON.</param>
/// <param name="Batch">The plan's batch for work whose batches are fixed (<c>--deterministic</c>), or null.</param>
public sealed record NewSample(string Id, string Input, int? Batch = null);

/// <summary>Where a sample stands. The names are stored: they never change.</summary>
public enum SampleState
{
    /// <summary>Waits to be taken.</summary>
    Pending,

    /// <summary>Somebody works on it.</summary>
    Leased,

    /// <summary>Failed, and waits to be tried again.</summary>
    Failed,

    /// <summary>Has its result.</summary>
    Done,

    /// <summary>Given up, with its error and input kept.</summary>
    Quarantined,
}

/// <summary>How a worker leases.</summary>
/// <param name="Owner">Who it is, for people.</param>
/// <param name="Duration">How long the lease holds without renewal.</param>
/// <param name="LostLeases">A sample whose lease was lost so many times is quarantined.</param>
public sealed record LeaseTerms(string Owner, TimeSpan Duration, int LostLeases = 100);

/// <summary>A sample in a worker's hands.</summary>
/// <param name="Sample">Its id.</param>
/// <param name="Token">The fencing token: of two leases of a sample the later has the larger.</param>
/// <param name="Attempt">From 1: how often work on it was begun, unused leases left out.</param>
/// <param name="Ordinal">Its place in the order of enqueueing.</param>
/// <param name="Batch">The plan's batch, or null.</param>
/// <param name="SpecHash">What it is to be done by.</param>
/// <param name="Input">All that the work needs, JSON.</param>
/// <param name="Expires">When the lease ends without renewal.</param>
public sealed record Lease(string Sample, long Token, int Attempt, long Ordinal, int? Batch, string SpecHash, string Input, DateTimeOffset Expires)
{
    /// <summary>What writes hang on.</summary>
    public LeaseKey Key => new(Sample, Token);
}

/// <summary>What a write to a leased sample hangs on.</summary>
public readonly record struct LeaseKey(string Sample, long Token);

/// <summary>A fixed batch.</summary>
/// <param name="Batch">Its number.</param>
/// <param name="Leases">The samples that are to be done.</param>
/// <param name="Companions">The batch's other samples: in the batch only so that it is composed as the plan says.</param>
public sealed record LeasedBatch(int Batch, IReadOnlyList<Lease> Leases, IReadOnlyList<SampleRow> Companions);

/// <summary>A sample's result.</summary>
/// <param name="Sample">Its id.</param>
/// <param name="Token">The lease's.</param>
/// <param name="SpecHash">The lease's.</param>
public sealed record Completion(string Sample, long Token, string SpecHash)
{
    /// <summary>The file that holds the result, durable already.</summary>
    public StoredFile? Artifact { get; init; }

    /// <summary>The last loss.</summary>
    public double? Loss { get; init; }

    /// <summary>The steps it took.</summary>
    public int? Steps { get; init; }

    /// <summary>The time it took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Anything else worth keeping, JSON.</summary>
    public string? Detail { get; init; }
}

/// <summary>A file in an artifact store.</summary>
/// <param name="Name">Its path below the store's root, with forward slashes.</param>
/// <param name="Hash">sha256, 64 hex digits.</param>
/// <param name="Bytes">Its size.</param>
public sealed record StoredFile(string Name, string Hash, long Bytes);

/// <summary>What became of a completion.</summary>
public enum CompletionOutcome
{
    /// <summary>Recorded now.</summary>
    Recorded,

    /// <summary>This very lease's result was recorded before: the call was repeated.</summary>
    AlreadyRecorded,

    /// <summary>The lease was lost; the result is to be thrown away.</summary>
    LeaseLost,
}

/// <summary>A sample's failure.</summary>
public sealed record Failure(string Sample, long Token, string Error);

/// <summary>When to try again and when to give up.</summary>
/// <param name="Attempts">Failures until quarantine.</param>
/// <param name="Backoff">The wait after the first failure; it doubles.</param>
/// <param name="BackoffLimit">The longest wait.</param>
public sealed record RetryPolicy(int Attempts, TimeSpan Backoff, TimeSpan BackoffLimit)
{
    /// <summary>The wait after so many failures.</summary>
    public TimeSpan WaitAfter(int failures)
    {
        double wait = Backoff.TotalMilliseconds * Math.Pow(2, Math.Max(0, failures - 1));
        return TimeSpan.FromMilliseconds(Math.Min(wait, BackoffLimit.TotalMilliseconds));
    }
}

/// <summary>What became of a failure.</summary>
public enum FailureOutcome
{
    /// <summary>It will be tried again.</summary>
    Waiting,

    /// <summary>It was the last attempt.</summary>
    Quarantined,

    /// <summary>The lease was lost; somebody else decides.</summary>
    LeaseLost,
}

/// <summary>How many samples are in each state.</summary>
public sealed record SampleCounts(long Pending, long Leased, long Failed, long Done, long Quarantined)
{
    /// <summary>All of them.</summary>
    public long Total => Pending + Leased + Failed + Done + Quarantined;

    /// <summary>Those that need no more work.</summary>
    public long Settled => Done + Quarantined;
}

/// <summary>Samples that were done lately.</summary>
/// <param name="Count">How many.</param>
/// <param name="Since">From when on these are all that were done: the moment that was asked for, or a later one where there were more than were looked at.</param>
public sealed record DoneLately(long Count, DateTimeOffset Since)
{
    internal static DoneLately Of(long count, long? first, DateTimeOffset since, int most) => new(count, count == most && first is { } from ? Moment.Of(from) : since);
}

/// <summary>A page to read.</summary>
/// <param name="State">Only samples in this state; null is any.</param>
/// <param name="After">Only samples enqueued after this ordinal.</param>
/// <param name="Limit">At most so many.</param>
public sealed record SampleQuery(SampleState? State = null, long After = -1, int Limit = 1000);

/// <summary>A recorded sample.</summary>
/// <param name="Id">Unique in its stage.</param>
/// <param name="Ordinal">Its place in the order of enqueueing.</param>
/// <param name="State">Where it stands.</param>
public sealed record SampleRow(string Id, long Ordinal, SampleState State)
{
    /// <summary>The plan's batch, or null.</summary>
    public int? Batch { get; init; }

    /// <summary>What it is done by.</summary>
    public string SpecHash { get; init; } = "";

    /// <summary>How often work on it was begun.</summary>
    public int Attempts { get; init; }

    /// <summary>How often it failed since it was last put back.</summary>
    public int Failures { get; init; }

    /// <summary>How often its lease was lost since it was last put back.</summary>
    public int LostLeases { get; init; }

    /// <summary>The latest lease's token.</summary>
    public long Token { get; init; }

    /// <summary>Who holds it, or held it last.</summary>
    public string? Owner { get; init; }

    /// <summary>When the lease ends, for one that is leased.</summary>
    public DateTimeOffset? LeaseExpires { get; init; }

    /// <summary>When it is tried again, for one that failed.</summary>
    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>The file with its result.</summary>
    public StoredFile? Artifact { get; init; }

    /// <summary>The last loss.</summary>
    public double? Loss { get; init; }

    /// <summary>The steps it took.</summary>
    public int? Steps { get; init; }

    /// <summary>The time it took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Anything else that was kept with the result, JSON.</summary>
    public string? Detail { get; init; }

    /// <summary>The latest error, until it is done.</summary>
    public string? Error { get; init; }

    /// <summary>Its latest change of state.</summary>
    public DateTimeOffset Updated { get; init; }

    /// <summary>All that the work needs, JSON.</summary>
    public string Input { get; init; } = "";
}
