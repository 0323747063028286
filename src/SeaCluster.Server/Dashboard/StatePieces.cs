using System.Globalization;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Dashboard;

/// <summary>What several pages show of a run.</summary>
internal static class StatePieces
{
    private const double BarWidth = 160;

    /// <summary>Where it stands, as a word with a colour; the word alone says it too.</summary>
    public static Html Badge(RunStanding standing) => Badge(standing.ToString().ToLowerInvariant());

    /// <summary>The same for a stage.</summary>
    public static Html Badge(StageState state) => Badge(state.ToString().ToLowerInvariant());

    /// <summary>Samples by state as one bar, and in words.</summary>
    public static Html Bar(SampleCounts counts)
    {
        (string Name, long Count)[] parts = [("done", counts.Done), ("leased", counts.Leased), ("failed", counts.Failed), ("quarantined", counts.Quarantined), ("pending", counts.Pending)];
        string words = string.Join(", ", parts.Where(part => part.Count > 0).Select(part => $"{Words.Count(part.Count)} {(part.Name == "leased" ? "at work" : part.Name)}"));
        double at = 0;
        return Html.Of($"""
            <svg class="bar" viewBox="0 0 160 10" width="160" height="10" role="img" aria-label="{words}" preserveAspectRatio="none">{Html.Each(parts.Where(part => part.Count > 0), part =>
            {
                double begin = at, width = BarWidth * part.Count / Math.Max(1, counts.Total);
                at += width;
                return Html.Of($"<rect class=\"{part.Name}\" x=\"{begin:0.##}\" y=\"0\" width=\"{width:0.##}\" height=\"10\"><title>{Words.Count(part.Count)} {part.Name}</title></rect>");
            })}</svg> <span class="figure">{Words.Count(counts.Done)} of {Words.Count(counts.Total)}</span>{Html.If(counts.Quarantined > 0, () => Html.Of($" <span class=\"figure bad\">{Words.Count(counts.Quarantined)} in quarantine</span>"))}
            """);
    }

    /// <summary>The share that is settled, in whole percent.</summary>
    public static string Percent(SampleCounts counts) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(100.0 * counts.Settled / Math.Max(1, counts.Total))} %");

    private static Html Badge(string word) => Html.Of($"<span class=\"badge {word}\">{word}</span>");
}
