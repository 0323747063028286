namespace SeaCluster.Runs.Ledgers;

/// <summary>A run to be recorded.</summary>
/// <param name="Id">Unique in the ledger.</param>
/// <param name="Name">For people.</param>
/// <param name="Spec">The frozen spec, YAML.</param>
/// <param name="SpecHash">See <see cref="Specs.SpecHash"/>.</param>
/// <param name="Inputs">What the spec's paths held, JSON.</param>
public sealed record NewRun(string Id, string Name, string Spec, string SpecHash, string Inputs);

/// <summary>A recorded run.</summary>
public sealed record RunRow(
    string Id, string Name, string Spec, string SpecHash, string Inputs, RunState State, string? Message, DateTimeOffset Created, DateTimeOffset Updated)
{
    /// <summary>How often it moved.</summary>
    public long Version { get; init; }
}

/// <summary>Where a run stands. The names are stored: they never change.</summary>
public enum RunState
{
    /// <summary>Recorded, not begun.</summary>
    Pending,

    /// <summary>Being worked on, or killed while it was.</summary>
    Running,

    /// <summary>Stopped on request; goes on when run again.</summary>
    Interrupted,

    /// <summary>All stages done.</summary>
    Done,

    /// <summary>All stages done, with samples in quarantine.</summary>
    Partly,

    /// <summary>A stage failed; goes on from it when run again.</summary>
    Failed,
}

/// <summary>A recorded stage.</summary>
/// <param name="Stage">Its name.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Started">Its latest start.</param>
/// <param name="Finished">Its end; null while it is not ended.</param>
/// <param name="Worked">Wall time over all its starts.</param>
/// <param name="Summary">What it said at its end: JSON.</param>
/// <param name="Error">Why it failed.</param>
public sealed record StageRow(
    string Stage, StageState State, DateTimeOffset? Started, DateTimeOffset? Finished, TimeSpan Worked, string? Summary, string? Error)
{
    /// <summary>How often it moved.</summary>
    public long Version { get; init; }
}

/// <summary>Where a stage stands. The names are stored: they never change.</summary>
public enum StageState
{
    /// <summary>Not begun, or to be done again.</summary>
    Pending,

    /// <summary>Being worked on, or killed while it was.</summary>
    Running,

    /// <summary>Done.</summary>
    Done,

    /// <summary>Done, with samples in quarantine.</summary>
    Partly,

    /// <summary>Nothing to do for this spec.</summary>
    Skipped,

    /// <summary>Ended with an error.</summary>
    Failed,
}

/// <summary>A stage's move from one state to another.</summary>
public sealed record StageMove(StageState From, StageState To)
{
    /// <summary>How often the stage has moved before: the move is refused where another came between, so that one which arrives late or twice changes nothing. Null: whatever came before.</summary>
    public long? Version { get; init; }

    /// <summary>What the stage says at its end, JSON.</summary>
    public string? Summary { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }
}

/// <summary>A file that belongs to a run.</summary>
/// <param name="Name">Its path below the run folder, with forward slashes.</param>
/// <param name="Stage">The stage that made it.</param>
/// <param name="Sample">The sample it is the result of, or null.</param>
/// <param name="Hash">sha256, 64 hex digits.</param>
/// <param name="Bytes">Its size.</param>
public sealed record ArtifactRow(string Name, string Stage, string? Sample, string Hash, long Bytes);

/// <summary>Something that happened, to be recorded.</summary>
/// <param name="Kind">A short name, such as <c>sample_quarantined</c>.</param>
/// <param name="Stage">The stage it concerns, or null.</param>
/// <param name="Sample">The sample it concerns, or null.</param>
/// <param name="Detail">More, as JSON, or null.</param>
public sealed record NewEvent(string Kind, string? Stage = null, string? Sample = null, string? Detail = null);

/// <summary>Something that happened.</summary>
/// <param name="Sequence">Grows with every event of a ledger.</param>
/// <param name="At">The ledger's time.</param>
/// <param name="Kind">A short name.</param>
/// <param name="Stage">The stage it concerns, or null.</param>
/// <param name="Sample">The sample it concerns, or null.</param>
/// <param name="Detail">More, as JSON, or null.</param>
public sealed record EventRow(long Sequence, DateTimeOffset At, string Kind, string? Stage, string? Sample, string? Detail);
