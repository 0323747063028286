using System.Globalization;
using SeaCluster.Method.Evaluation.Statistics;

namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>Figures as the console and the report show them.</summary>
public static class Show
{
    /// <summary>A share in whole per cent; one decimal under 1 % and above 99 %, so that "none" and "nearly none" differ.</summary>
    public static string Percent(double share) => share is > 0 and < 0.01 or > 0.99 and < 1
        ? (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + "%"
        : Math.Round(share * 100, MidpointRounding.AwayFromZero).ToString("0", CultureInfo.InvariantCulture) + "%";

    /// <summary>Two shares in whole per cent: <c>27–31%</c>. Only none is 0 and only all is 100.</summary>
    public static string Percents(double low, double high) => Whole(low) == Whole(high) ? $"{Whole(low)}%" : $"{Whole(low)}–{Whole(high)}%";

    /// <summary>An interval of shares: <c>27–31%</c>.</summary>
    public static string Percents(Interval interval) => Percents(interval.Low, interval.High);

    /// <summary>A difference of shares in points: <c>−44</c>.</summary>
    public static string Points(double difference)
    {
        double points = Math.Round(difference * 100, MidpointRounding.AwayFromZero);
        return points switch { > 0 => $"+{Plain(points)}", < 0 => $"−{Plain(-points)}", _ => "0" };
    }

    /// <summary>A p-value: two digits, never 0.</summary>
    public static string PValue(double p) => p < 0.001 ? "< 0.001" : p.ToString(p < 0.1 ? "0.000" : "0.00", CultureInfo.InvariantCulture);

    /// <summary>A duration: <c>0.4 s</c>, <c>12.3 s</c>, <c>2 min 05 s</c>, <c>3 h 07 min</c>.</summary>
    public static string Duration(TimeSpan time) => time.TotalSeconds switch
    {
        < 59.95 => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
        < 3599.5 => string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Round(time.TotalSeconds) / 60} min {(int)Math.Round(time.TotalSeconds) % 60:00} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Round(time.TotalMinutes) / 60} h {(int)Math.Round(time.TotalMinutes) % 60:00} min"),
    };

    /// <summary>A loss: three significant digits.</summary>
    public static string Loss(double loss) => loss.ToString(
        Math.Abs(loss) switch { 0 or >= 100 => "0", >= 10 => "0.0", >= 1 => "0.00", >= 0.001 => "0.000", _ => "0.0e0" }, CultureInfo.InvariantCulture);

    private static string Whole(double share)
    {
        double percent = Math.Round(share * 100, MidpointRounding.AwayFromZero);
        return Plain(share is > 0 and < 1 ? Math.Clamp(percent, 1, 99) : percent);
    }

    private static string Plain(double number) => number.ToString("0", CultureInfo.InvariantCulture);
}
