namespace SeaCluster.Method.Evaluation.Statistics;

/// <summary>Two arms on the same cases: how often both, one or neither had the outcome.</summary>
/// <param name="Both">Cases with the outcome in both arms.</param>
/// <param name="OnlyFirst">Cases with the outcome in the first arm alone.</param>
/// <param name="OnlySecond">Cases with the outcome in the second arm alone.</param>
/// <param name="Neither">Cases without the outcome in either arm.</param>
public readonly record struct PairedCounts(int Both, int OnlyFirst, int OnlySecond, int Neither)
{
    /// <summary>All pairs.</summary>
    public int Total => Both + OnlyFirst + OnlySecond + Neither;

    /// <summary>The first arm's rate minus the second's; 0 without pairs.</summary>
    public double Difference => Total == 0 ? 0 : (OnlyFirst - OnlySecond) / (double)Total;

    /// <summary>Counts the outcomes of paired cases.</summary>
    public static PairedCounts Of(IEnumerable<(bool First, bool Second)> pairs)
    {
        int both = 0, onlyFirst = 0, onlySecond = 0, neither = 0;
        foreach ((bool first, bool second) in pairs)
        {
            _ = (first, second) switch
            {
                (true, true) => both++,
                (true, false) => onlyFirst++,
                (false, true) => onlySecond++,
                (false, false) => neither++,
            };
        }

        return new PairedCounts(both, onlyFirst, onlySecond, neither);
    }

    /// <summary>
    /// The interval of <see cref="Difference"/>: Newcombe's hybrid score interval for paired proportions (Statistics in Medicine 17, 1998,
    /// 2635-2650, method 10), which joins the two Wilson intervals through the pairs' correlation.
    /// </summary>
    public Interval DifferenceInterval(double confidence = 0.95)
    {
        if (Total == 0)
        {
            return new Interval(-1, 1);
        }

        double n = Total, first = (Both + OnlyFirst) / n, second = (Both + OnlySecond) / n;
        Interval a = Proportion.Wilson(Both + OnlyFirst, Total, confidence), b = Proportion.Wilson(Both + OnlySecond, Total, confidence);
        double phi = Phi();
        double Width(double x, double y) => Math.Sqrt(Math.Max(0, x * x - 2 * phi * x * y + y * y));
        return new Interval(
            Math.Max(-1, Difference - Width(first - a.Low, b.High - second)),
            Math.Min(1, Difference + Width(a.High - first, second - b.Low)));
    }

    private double Phi()
    {
        double margins = (double)(Both + OnlyFirst) * (OnlySecond + Neither) * (Both + OnlySecond) * (OnlyFirst + Neither);
        if (margins == 0)
        {
            return 0;
        }

        // Method 10 pulls a positive cross product half a pair per cell towards 0, not past it.
        double cross = (double)Both * Neither - (double)OnlyFirst * OnlySecond;
        double numerator = cross > 0 ? Math.Max(cross - Total / 2.0, 0) : cross;
        return numerator / Math.Sqrt(margins);
    }
}
