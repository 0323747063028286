namespace SeaCluster.Method.Parity;

/// <summary>What became of a figure.</summary>
public enum ParityOutcome
{
    /// <summary>Within its tolerance.</summary>
    Inside,

    /// <summary>Beyond its tolerance.</summary>
    Outside,

    /// <summary>The fixture has it, but it could not be computed; counts as a failure.</summary>
    NotChecked,

    /// <summary>The fixture does not have it.</summary>
    Absent,
}

/// <summary>One figure of a fixture.</summary>
/// <param name="Group">Family, kind of media and stage: <c>llava/image forward media</c>.</param>
/// <param name="Figure">What was compared.</param>
/// <param name="Distance">How far off it is; NaN where it was not checked. For tokens and texts the number of differing entries.</param>
/// <param name="Tolerance">Largest distance allowed.</param>
/// <param name="Outcome">Inside or not.</param>
/// <param name="Note">How much was compared, or why it was not.</param>
public sealed record ParityRow(string Group, string Figure, double Distance, double Tolerance, ParityOutcome Outcome, string? Note)
{
    /// <summary>Whether the figure is right, or was not there to be checked.</summary>
    public bool Passed => Outcome is ParityOutcome.Inside or ParityOutcome.Absent;
}

/// <summary>All figures of a fixture folder.</summary>
/// <param name="Rows">In the order in which they were checked.</param>
public sealed record ParityReport(IReadOnlyList<ParityRow> Rows)
{
    /// <summary>Whether every figure that the fixture has is inside its tolerance, and there was at least one.</summary>
    public bool Passed => Rows.All(row => row.Passed) && Rows.Any(row => row.Outcome == ParityOutcome.Inside);
}

/// <summary>The largest distances that count as equal; the reasons stand in the fixtures' README.</summary>
internal static class Tolerances
{
    public const double Equal = 0;
    public const double Forward = 1e-4;
    public const double Gradient = 1e-4;
    public const double PixelLevels = 2;
    public const double PixelLevelsMean = 0.15;
    public const double LossyLevelsMean = 2.5;
    public const double LogMel = 1e-3;
    public const double LogMelMean = 1e-4;
    public const double SynthesisLoss = 2e-3;
    public const double Cosine = 1e-3;
    public const double Training = 2e-3;
    public const double RowLosses = 5e-3;
    public const double LogitsAfterTraining = 5e-3;
    public const double RefusalSeconds = 2;
}
