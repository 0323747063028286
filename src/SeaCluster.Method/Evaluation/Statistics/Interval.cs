using System.Globalization;

namespace SeaCluster.Method.Evaluation.Statistics;

/// <summary>A closed interval of a rate or of a difference of rates.</summary>
/// <param name="Low">The lower limit.</param>
/// <param name="High">The upper limit, at least <paramref name="Low"/>.</param>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>Whether <paramref name="value"/> lies inside, limits included.</summary>
    public bool Contains(double value) => value >= Low && value <= High;

    /// <summary>The smallest interval that holds both.</summary>
    public Interval Hull(Interval other) => new(Math.Min(Low, other.Low), Math.Max(High, other.High));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Low:0.####}, {High:0.####}]");
}
