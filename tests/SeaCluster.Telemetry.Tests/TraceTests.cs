using System.Diagnostics;
using System.Text;
using System.Text.Json;
using SeaCluster.EndToEnd.Tests;
using SeaCluster.Tests;

namespace SeaCluster.Telemetry.Tests;

/// <summary>One trace from who asked for a run, through the ledger, to the lanes of a worker that knows nothing of who asked.</summary>
public sealed class TraceTests : IDisposable
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private readonly string folder = Directory.CreateTempSubdirectory("sea-traces-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [ExportsOtlpFact]
    public async Task A_trace_goes_through_the_ledger_to_every_lane_and_into_the_logs()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        (string, string?)[] otlp = To(collector);
        using Process run = SeaProcess.Start(
            null,
            [
                "run", "samples/demo/run.yaml", "--out", Path.Combine(folder, "runs", "traced"), "--log-format", "json", "--set", "data.limit=6", "--set", "synthesize.steps=2", "--set", "work.local=false",
                "--set", "align.steps=1", "--set", "align.warmup=0", "--set", "evaluate.base=false",
            ],
            [.. otlp, ("TRACEPARENT", $"00-{Trace}-00f067aa0ba902b7-01"), ("SEA_PROGRESS", "every")]);
        Task<SeaResult> ran = SeaProcess.Finish(run);
        using Process worker = await WorkerAsync(otlp);
        SeaResult worked = await SeaProcess.Finish(worker);
        SeaResult done = await ran;
        done.ExitCode.ShouldBe(0, done.All);
        worked.ExitCode.ShouldBe(0, worked.All);

        IReadOnlyList<string> spans = collector.SpansOf(Trace);
        foreach (string name in new[] { "run", "prepare", "synthesize", "align", "evaluate", "report", "work synthesize", "lane", "ledger lease", "ledger complete", "ledger enqueue" })
        {
            spans.ShouldContain(name);
        }

        spans.Count(name => name == "sample").ShouldBe(12);
        collector.Received.ShouldContain(each => each.Path == "/v1/metrics" && Encoding.UTF8.GetString(each.Body).Contains("seacluster.lane.steps", StringComparison.Ordinal));

        string[] lines = done.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.ShouldNotBeEmpty();
        foreach (string line in lines)
        {
            using JsonDocument log = JsonDocument.Parse(line);
            log.RootElement.GetProperty("category").GetString().ShouldBe("run");
            log.RootElement.GetProperty("level").GetString().ShouldBe("info");
            log.RootElement.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
        }

        lines.ShouldContain(line => line.Contains("synthesize: done", StringComparison.Ordinal) && line.Contains($"\"trace_id\":\"{Trace}\"", StringComparison.Ordinal));
    }

    [ExportsOtlpFact]
    public async Task A_request_that_submits_a_run_begins_the_trace_that_ends_in_a_workers_lanes()
    {
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        string runs = Directory.CreateDirectory(Path.Combine(folder, "runs")).FullName;
        using Process server = SeaProcess.Start(null, ["serve", runs, "--urls", "http://127.0.0.1:0", "--allow", Repository.PathOf("samples"), "--log-format", "json"], To(collector));
        using HttpClient http = new() { BaseAddress = await ServedAsync(server) };
        using Process worker = SeaProcess.Start(null, ["worker", runs], To(collector));
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/runs") { Content = new StringContent(Spec, Encoding.UTF8, "application/yaml") };
        request.Headers.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        using HttpResponseMessage accepted = await http.SendAsync(request);
        accepted.IsSuccessStatusCode.ShouldBeTrue(await accepted.Content.ReadAsStringAsync());
        using JsonDocument run = JsonDocument.Parse(await accepted.Content.ReadAsStringAsync());
        await DoneAsync(http, run.RootElement.GetProperty("id").GetString()!);
        foreach (Process process in new[] { worker, server })
        {
            using Process terminate = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await terminate.WaitForExitAsync();
            SeaResult ended = await SeaProcess.Finish(process);
            ended.ExitCode.ShouldBe(0, ended.All);
        }

        IReadOnlyList<string> spans = collector.SpansOf(Trace);
        foreach (string name in new[] { "POST /api/v1/runs", "run", "prepare", "synthesize", "align", "evaluate", "report", "work synthesize", "lane", "ledger enqueue", "ledger complete" })
        {
            spans.ShouldContain(name);
        }

        spans.Count(name => name == "sample").ShouldBe(12);
    }

    private static string Spec => $$"""
        name: traced
        model: { path: {{Repository.PathOf("samples", "demo", "base-image")}}, device: cpu }
        data: { path: {{Repository.PathOf("samples", "demo", "rows.jsonl")}}, benign: {{Repository.PathOf("samples", "demo", "benign.jsonl")}}, limit: 6 }
        prepare: { templates: {{Repository.PathOf("samples", "demo", "preparation.json")}} }
        synthesize: { steps: 2, slots: 4 }
        align: { adapter: full, steps: 1, warmup: 0 }
        evaluate: { cases: {{Repository.PathOf("samples", "demo", "cases.jsonl")}}, max_new_tokens: 10, base: false }
        work: { local: false }
        """;

    private static (string, string?)[] To(OtlpCollector collector) =>
        [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_METRIC_EXPORT_INTERVAL", "1000"), ("OTEL_BSP_SCHEDULE_DELAY", "200")];

    // The first line that it says.
    private static async Task<Uri> ServedAsync(Process server)
    {
        string line = await server.StandardError.ReadLineAsync() ?? "";
        using JsonDocument log = JsonDocument.Parse(line);
        string message = log.RootElement.GetProperty("message").GetString()!;
        message.ShouldStartWith("serving ");
        return new Uri(message[(message.IndexOf(" at ", StringComparison.Ordinal) + 4)..]);
    }

    private static async Task DoneAsync(HttpClient http, string run)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(3));
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(500));
        while (await pace.WaitForNextTickAsync(limit.Token))
        {
            using JsonDocument status = JsonDocument.Parse(await http.GetStringAsync(new Uri($"/api/v1/runs/{run}", UriKind.Relative), limit.Token));
            string state = status.RootElement.GetProperty("state").GetString()!;
            state.ShouldNotBe("failed");
            if (state == "done")
            {
                return;
            }
        }
    }

    // A worker that ends when there is nothing to do must not look before there is.
    private async Task<Process> WorkerAsync((string, string?)[] environment)
    {
        string runs = Path.Combine(folder, "runs");
        Directory.CreateDirectory(runs);
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(200));
        while (!(await SeaProcess.Run("status", Path.Combine(runs, "traced"), "--json")).Output.Contains("\"pending\":12", StringComparison.Ordinal))
        {
            await pace.WaitForNextTickAsync();
        }

        return SeaProcess.Start(null, ["worker", runs, "--once"], environment);
    }
}

/// <summary>A test of OTLP, which a build without the OpenTelemetry packages does not have.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ExportsOtlpFactAttribute : FactAttribute
{
    public ExportsOtlpFactAttribute() =>
        Skip = File.Exists(Path.Combine(AppContext.BaseDirectory, "OpenTelemetry.Exporter.OpenTelemetryProtocol.dll")) ? null! : "needs the OpenTelemetry packages (SeaPrometheusExporter)";
}
