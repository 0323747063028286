using System.Text.Json;
using System.Text.RegularExpressions;
using SeaCluster.Tests;

namespace SeaCluster.Telemetry.Tests;

/// <summary>A query of the chart and where it stands.</summary>
internal sealed record ChartQuery(string Where, string Text, string? NoValue);

/// <summary>The queries of the chart's dashboards and rules.</summary>
internal static partial class ChartQueries
{
    public static string Rules(string name) => File.ReadAllText(Repository.PathOf("helm", "seacluster", "rules", name));

    /// <summary>Rules with minutes made seconds, for tests that wait for them.</summary>
    public static string Short(string rules) => MinutesPattern().Replace(rules.Replace("for: 15m", "for: 2s", StringComparison.Ordinal).Replace("for: 10m", "for: 2s", StringComparison.Ordinal).Replace("for: 5m", "for: 2s", StringComparison.Ordinal), "[6s]");

    /// <summary>Every query of every panel, with Grafana's variables filled in.</summary>
    public static IReadOnlyList<ChartQuery> OfDashboards()
    {
        List<ChartQuery> queries = [];
        foreach (string file in Directory.GetFiles(Repository.PathOf("helm", "seacluster", "dashboards"), "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(file));
            foreach (JsonElement panel in dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.GetProperty("type").GetString() != "row"))
            {
                string? noValue = panel.GetProperty("fieldConfig").GetProperty("defaults").TryGetProperty("noValue", out JsonElement text) ? text.GetString() : null;
                queries.AddRange(panel.GetProperty("targets").EnumerateArray().Select(target => new ChartQuery(
                    $"{Path.GetFileName(file)}, {panel.GetProperty("title").GetString()}", Filled(target.GetProperty("expr").GetString()!), noValue)));
            }
        }

        return queries;
    }

    /// <summary>Every recording rule's name, and every expression of an alert.</summary>
    public static IReadOnlyList<(string Name, string Expression)> OfRules(string text) =>
        [.. RulePattern().Matches(text).Select(match => (match.Groups["name"].Value, match.Groups["expression"].Value))];

    /// <summary>The families and recorded names that a query reads.</summary>
    public static IReadOnlyList<string> Names(string query) => [.. NamePattern().Matches(LabelsPattern().Replace(query, " ")).Select(match => match.Value).Distinct(StringComparer.Ordinal)];

    private static string Filled(string query) => query.Replace("$__rate_interval", "10s", StringComparison.Ordinal).Replace("$namespace", ".*", StringComparison.Ordinal).Replace("$run", ".*", StringComparison.Ordinal);

    [GeneratedRegex(@"\[\d+[mh]\]")]
    private static partial Regex MinutesPattern();

    [GeneratedRegex(@"- (?:record|alert): (?<name>\S+)\n\s+expr: (?<expression>.+)")]
    private static partial Regex RulePattern();

    [GeneratedRegex(@"\{[^}]*\}|\b(?:by|without|on|ignoring) \([^)]*\)")]
    private static partial Regex LabelsPattern();

    [GeneratedRegex(@"\b(?:(?:run|cluster):)?(?:seacluster|dotnet)_\w+(?::\w+)?")]
    private static partial Regex NamePattern();
}
