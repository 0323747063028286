using System.Globalization;

namespace SeaCluster.Server.Dashboard;

/// <summary>Figures as people read them.</summary>
internal static class Words
{
    public static string Time(double seconds) => seconds switch
    {
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60} min {(int)seconds % 60} s"),
        < 86_400 => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 3600} h {(int)seconds / 60 % 60} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)seconds / 86_400} d {(long)seconds / 3600 % 24} h"),
    };

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Rate(double perSecond) => perSecond >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{perSecond:0.#} a second")
        : string.Create(CultureInfo.InvariantCulture, $"{perSecond * 60:0.#} a minute");

    public static Html Moment(DateTimeOffset at) => at == default ? Html.Empty
        : Html.Of($"<time datetime=\"{at.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\">{at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC</time>");
}
