namespace SeaCluster.Method.Evaluation.Statistics;

/// <summary>One figure over several seeds: the mean, and the range in place of a deviation that three seeds cannot carry.</summary>
/// <param name="Values">One value a seed, in the seeds' order; at least one.</param>
public sealed record SeedRange(IReadOnlyList<double> Values)
{
    /// <summary>The mean over the seeds.</summary>
    public double Mean => Values.Average();

    /// <summary>The lowest seed.</summary>
    public double Low => Values.Min();

    /// <summary>The highest seed.</summary>
    public double High => Values.Max();

    /// <summary>Mean and range of the given seeds; null when there is none.</summary>
    public static SeedRange? Of(IEnumerable<double?> values)
    {
        double[] present = [.. values.OfType<double>()];
        return present.Length == 0 ? null : new SeedRange(present);
    }
}
