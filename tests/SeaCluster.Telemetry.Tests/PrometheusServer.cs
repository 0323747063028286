using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace SeaCluster.Telemetry.Tests;

/// <summary>Debian's Prometheus on a free loopback port, scraping what a test names once a second.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    public const string Needed = "prometheus promtool";

    private readonly Process _process;
    private readonly HttpClient _client;
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;

    private PrometheusServer(Process process, Uri address)
    {
        _process = process;
        _client = new HttpClient { BaseAddress = address };
    }

    /// <param name="folder">For its configuration and data.</param>
    /// <param name="targets">Addresses to scrape.</param>
    /// <param name="rules">Texts of rule files.</param>
    public static async Task<PrometheusServer> StartAsync(string folder, IEnumerable<Uri> targets, params string[] rules)
    {
        Directory.CreateDirectory(folder);
        for (int i = 0; i < rules.Length; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, $"rules{i}.yaml"), rules[i]);
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "prometheus.yml"), $"""
            global: {'{'}scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s{'}'}
            rule_files: [{string.Join(", ", rules.Select((_, i) => $"rules{i}.yaml"))}]
            scrape_configs:
              - job_name: sea
                static_configs:
                  - targets: [{string.Join(", ", targets.Select(target => $"'{target.Authority}'"))}]
                    labels: {'{'}namespace: test{'}'}
            """);
        int port = FreePort();
        ProcessStartInfo start = new("prometheus", [$"--config.file={Path.Combine(folder, "prometheus.yml")}", $"--storage.tsdb.path={Path.Combine(folder, "data")}", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        PrometheusServer server = new(Process.Start(start)!, new Uri($"http://127.0.0.1:{port}"));
        await server.UntilAsync(async () =>
        {
            if (server._process.HasExited)
            {
                throw new InvalidOperationException(await server._process.StandardError.ReadToEndAsync());
            }

            try
            {
                return (await server._client.GetAsync(new Uri("/-/ready", UriKind.Relative))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, () => "Prometheus does not start");
        return server;
    }

    /// <summary>How many series a query gives now.</summary>
    public async Task<int> SeriesAsync(string query)
    {
        using HttpResponseMessage response = await _client.GetAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative));
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return response.IsSuccessStatusCode
            ? answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Count(series => series.GetProperty("value")[1].GetString() != "NaN")
            : throw new InvalidOperationException($"{query}: {answer.RootElement.GetProperty("error").GetString()}");
    }

    /// <summary>Whether a query gave data at any second since this server was started: what lasts a few seconds is not missed between two looks.</summary>
    public async Task<bool> EverAsync(string query)
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"start={_started.ToUnixTimeSeconds()}&end={DateTimeOffset.UtcNow.ToUnixTimeSeconds()}&step=1");
        using HttpResponseMessage response = await _client.GetAsync(new Uri($"/api/v1/query_range?{range}&query={Uri.EscapeDataString(query)}", UriKind.Relative));
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return response.IsSuccessStatusCode
            ? answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().SelectMany(series => series.GetProperty("values").EnumerateArray()).Any(value => value[1].GetString() != "NaN")
            : throw new InvalidOperationException($"{query}: {answer.RootElement.GetProperty("error").GetString()}");
    }

    /// <summary>Names of the alerts that fire now.</summary>
    public async Task<IReadOnlyList<string>> FiringAsync()
    {
        using JsonDocument answer = JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/v1/alerts", UriKind.Relative)));
        return [.. answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray()
            .Where(alert => alert.GetProperty("state").GetString() == "firing").Select(alert => alert.GetProperty("labels").GetProperty("alertname").GetString()!)];
    }

    /// <summary>Asks again and again until it holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds, Func<string> otherwise)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(6));
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(500));
        while (!await holds())
        {
            try
            {
                await pace.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException late)
            {
                throw new TimeoutException(otherwise(), late);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _client.Dispose();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
