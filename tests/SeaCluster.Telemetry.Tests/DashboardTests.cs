using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using SeaCluster.EndToEnd.Tests;
using SeaCluster.Method.Tests.Endpoints;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Prometheus;
using SeaCluster.Tests;

namespace SeaCluster.Telemetry.Tests;

/// <summary>Dashboards and rules against what the program really tells.</summary>
[Collection(WholeProcess.Collection)]
public sealed partial class DashboardTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sea-prometheus-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Every_family_that_a_panel_or_rule_names_is_one_of_the_program()
    {
        HashSet<string> known = [.. Families().SelectMany(family => new[] { family, family + "_bucket", family + "_sum", family + "_count" })];
        IReadOnlyList<(string Name, string Expression)> rules = [.. ChartQueries.OfRules(ChartQueries.Rules("recording.yaml")), .. ChartQueries.OfRules(ChartQueries.Rules("alerts.yaml"))];
        known.UnionWith(rules.Select(rule => rule.Name));
        foreach ((string where, string query) in ChartQueries.OfDashboards().Select(query => (query.Where, query.Text)).Concat(rules))
        {
            ChartQueries.Names(query).ShouldNotBeEmpty(where);
            ChartQueries.Names(query).Where(name => !name.StartsWith("dotnet_", StringComparison.Ordinal) && !known.Contains(name)).ShouldBeEmpty($"{where}: {query}");
        }
    }

    [RequiresFact(PrometheusServer.Needed)]
    public async Task A_run_with_a_worker_gives_data_to_every_query_of_every_panel_and_rule()
    {
        // The judge answers its first question at once and keeps the others waiting until a scrape or two have seen it: the whole evaluation may take less than that.
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ChatServer judge = new((n, _) => Reply.Says("unsafe") with { After = n == 1 ? null : seen.Task });
        using Process run = SeaProcess.Start(
            null,
            [
                "run", "samples/demo/run.yaml", "--out", Path.Combine(folder, "runs", "seen"), "--urls", "http://127.0.0.1:0",
                "--set", "data.limit=16", "--set", "synthesize.steps=20", "--set", "synthesize.threshold=0", "--set", "synthesize.slots=4", "--set", "work.local=false", "--set", "align.steps=12", "--set", "align.warmup=1",
                "--set", "evaluate.base=false", "--set", "evaluate.judge=llm", "--set", $"evaluate.llm.endpoint={judge.Address}", "--set", "evaluate.llm.model=judge-1", "--set", "evaluate.llm.input_price=1", "--set", "evaluate.llm.output_price=2",
            ],
            ("SEA_PROGRESS", "every"));
        using Said runSays = new(run);
        Uri runAddress = await runSays.AddressAsync();
        using Process worker = SeaProcess.Start(null, ["worker", Path.Combine(folder, "runs"), "--urls", "http://127.0.0.1:0"], ("SEA_PROGRESS", "every"));
        using Said workerSays = new(worker);

        // What a server or a trainer does: it lives longer than the run, and tells what came of it.
        await using TelemetryHost watcher = await TelemetryHost.StartAsync("http://127.0.0.1:0", options => (options.Runs, options.LookEvery) = (Path.Combine(folder, "runs"), TimeSpan.FromSeconds(1)));
        string recording = ChartQueries.Short(ChartQueries.Rules("recording.yaml")), alerts = ChartQueries.Short(ChartQueries.Rules("alerts.yaml"));
        await using PrometheusServer prometheus = await PrometheusServer.StartAsync(Path.Combine(folder, "prometheus"), [runAddress, await workerSays.AddressAsync(), new Uri(watcher.Addresses[0])], recording, alerts);

        // An alert's own expression gives data only when it fires; what it reads must be there.
        List<string> wanted =
        [
            .. ChartQueries.OfDashboards().Where(query => query.NoValue != "no GPU").Select(query => query.Text),
            .. ChartQueries.OfRules(recording).SelectMany(rule => new[] { rule.Name, rule.Expression }),
            .. ChartQueries.OfRules(alerts).SelectMany(rule => ChartQueries.Names(rule.Expression)),
        ];
        List<string> missing = [.. wanted.Distinct(StringComparer.Ordinal)];
        await prometheus.UntilAsync(
            async () =>
            {
                foreach (string query in missing.ToArray())
                {
                    if (await prometheus.EverAsync(query))
                    {
                        missing.Remove(query);
                    }
                }

                if (!missing.Exists(query => query.Contains("seacluster_llm_", StringComparison.Ordinal)))
                {
                    seen.TrySetResult();
                }

                return missing.Count == 0 || run is { HasExited: true, ExitCode: not 0 };
            },
            () => $"no data for:\n{string.Join('\n', missing)}\n{runSays.All}\n{workerSays.All}");
        missing.ShouldBeEmpty($"the run failed:\n{runSays.All}\n{workerSays.All}");
        foreach (ChartQuery query in ChartQueries.OfDashboards().Where(query => query.NoValue == "no GPU"))
        {
            query.Text.ShouldContain("seacluster_device_");
            (await prometheus.SeriesAsync(query.Text)).ShouldBe(0, query.Where);
        }
    }

    [RequiresFact(PrometheusServer.Needed)]
    public async Task A_run_that_stands_still_fires_its_alerts_and_they_end_when_it_goes_on()
    {
        string runs = Path.Combine(folder, "runs");
        using Process run = SeaProcess.Start(
            null,
            [
                "run", "samples/demo/run.yaml", "--out", Path.Combine(runs, "still"), "--urls", "http://127.0.0.1:0", "--set", "data.limit=8", "--set", "synthesize.steps=2", "--set", "work.local=false",
                "--set", "align.steps=1", "--set", "align.warmup=0", "--set", "evaluate.base=false",
            ],
            ("SEA_PROGRESS", "every"));
        using Said says = new(run);
        await using PrometheusServer prometheus = await PrometheusServer.StartAsync(
            Path.Combine(folder, "prometheus"), [await says.AddressAsync()], ChartQueries.Short(ChartQueries.Rules("recording.yaml")), ChartQueries.Short(ChartQueries.Rules("alerts.yaml")));
        IReadOnlyList<string> firing = [];
        await prometheus.UntilAsync(
            async () => (firing = await prometheus.FiringAsync()).Contains("SeaClusterRunNoProgress") && firing.Contains("SeaClusterNoWorkers"),
            () => $"firing: {string.Join(", ", firing)}\n{says.All}");
        SeaResult worked = await SeaProcess.Run("worker", runs, "--once");
        worked.ExitCode.ShouldBe(0, worked.All);
        await prometheus.UntilAsync(
            async () => !(firing = await prometheus.FiringAsync()).Contains("SeaClusterRunNoProgress") && !firing.Contains("SeaClusterNoWorkers"),
            () => $"still firing: {string.Join(", ", firing)}\n{says.All}");
    }

    [RequiresTheory(PrometheusServer.Needed)]
    [InlineData("check", "rules")]
    [InlineData("test", "rules")]
    public async Task Promtool_accepts_the_rules_and_their_unit_tests(string verb, string what)
    {
        string[] files = verb == "check"
            ? [Repository.PathOf("helm", "seacluster", "rules", "recording.yaml"), Repository.PathOf("helm", "seacluster", "rules", "alerts.yaml")]
            : [Repository.PathOf("tests", "SeaCluster.Telemetry.Tests", "Rules", "alerts.test.yaml")];
        using Process promtool = Process.Start(new ProcessStartInfo("promtool", [verb, what, .. files]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        Task<string> error = promtool.StandardError.ReadToEndAsync();
        string output = await promtool.StandardOutput.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        promtool.ExitCode.ShouldBe(0, output + await error);
        output.ShouldContain("SUCCESS");
    }

    [Fact]
    public void Every_alert_is_unit_tested_and_has_its_entry_in_the_runbook()
    {
        string runbook = File.ReadAllText(Repository.PathOf("docs", "operations.md")), tests = File.ReadAllText(Repository.PathOf("tests", "SeaCluster.Telemetry.Tests", "Rules", "alerts.test.yaml"));
        string alerts = ChartQueries.Rules("alerts.yaml");
        string[] names = [.. ChartQueries.OfRules(alerts).Select(rule => rule.Name)];
        names.Length.ShouldBeGreaterThan(8);
        foreach (string name in names)
        {
            runbook.ShouldContain($"### {name}\n");
            tests.ShouldContain($"alertname: {name}\n");
            alerts.ShouldContain($"runbook_url: docs/operations.md#{name.ToLowerInvariant()}\n");
        }

        EntryPattern().Matches(runbook).Select(match => match.Groups["name"].Value).ShouldBe(names, ignoreOrder: true);
    }

    private static List<string> Families()
    {
        List<string> families = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == SeaInstrumentation.Name)
            {
                families.Add(PrometheusText.NameOf(instrument));
            }
        };
        SeaInstrumentation.Initialize();
        listener.Start();
        return families;
    }

    [GeneratedRegex(@"^### (?<name>SeaCluster\w+)$", RegexOptions.Multiline)]
    private static partial Regex EntryPattern();
}
