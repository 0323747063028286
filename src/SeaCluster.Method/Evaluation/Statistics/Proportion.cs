namespace SeaCluster.Method.Evaluation.Statistics;

/// <summary>Intervals for a share of successes.</summary>
public static class Proportion
{
    /// <summary>
    /// Wilson's score interval (Wilson 1927; without continuity correction, Newcombe 1998 method 3): all rates p that a score test does not
    /// reject. It stays inside [0, 1] and keeps its coverage near 0 and 1, where attack success rates live.
    /// </summary>
    /// <param name="successes">How many of the trials succeeded.</param>
    /// <param name="trials">How many trials there were; independent of each other.</param>
    /// <param name="confidence">The nominal coverage.</param>
    /// <returns>The interval; [0, 1] when there was no trial.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The counts are negative or there are more successes than trials.</exception>
    public static Interval Wilson(int successes, int trials, double confidence = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        if (trials == 0)
        {
            return new Interval(0, 1);
        }

        double z = Normal.CriticalValue(confidence), n = trials, p = successes / n;
        double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
        double half = z * Math.Sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
        return new Interval(
            successes == 0 ? 0 : Math.Max(0, centre - half),
            successes == trials ? 1 : Math.Min(1, centre + half));
    }
}
