using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Telemetry;

/// <summary>Where a run stood when it was last looked at.</summary>
internal sealed record RunSnapshot(string Run, RunState State, DateTimeOffset Updated, IReadOnlyList<StageSnapshot> Stages)
{
    /// <summary>Steps and last loss of its alignment; null before its first step.</summary>
    public (int Step, double Loss)? Training { get; init; }

    /// <summary>Figures of its evaluation by name.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);
}

/// <summary>Where a stage of it stood.</summary>
internal sealed record StageSnapshot(string Stage, StageState State, TimeSpan Worked, SampleCounts? Samples, double? PlannedSeconds);
