using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SeaCluster.EndToEnd.Tests;
using SeaCluster.Models;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Telemetry.Tests;

public sealed class HealthTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void A_process_has_started_once_its_device_computes_and_it_looked_for_work()
    {
        ProcessHealth health = new(time);
        health.ExpectDevice();
        Wrong(health.Startup()).ShouldBe(["start", "device"]);
        health.Startup()[0].Reason.ShouldBe("has not looked for work yet, 0.0 s after its start");
        health.DeviceReady("cpu");
        Wrong(health.Startup()).ShouldBe(["start"]);
        health.Started();
        Wrong(health.Startup()).ShouldBeEmpty();
    }

    [Fact]
    public void A_heartbeat_that_stands_still_is_a_dead_process()
    {
        ProcessHealth health = new(time);
        Wrong(health.Live()).ShouldBeEmpty();
        health.Beat();
        time.Advance(ProcessHealth.Silence);
        Wrong(health.Live()).ShouldBeEmpty();
        time.Advance(TimeSpan.FromSeconds(1));
        Wrong(health.Live()).ShouldBe(["heartbeat"]);
        health.Live()[0].Reason.ShouldBe("moved 121.0 s ago, expected within 120 s");
        health.LedgerAnswered();
        Wrong(health.Live()).ShouldBeEmpty();
    }

    [Fact]
    public void Loading_a_model_and_long_leases_are_no_death()
    {
        ProcessHealth health = new(time);
        health.Load(lease: TimeSpan.FromMinutes(9));
        time.Advance(ProcessHealth.Loading);
        Wrong(health.Live()).ShouldBeEmpty();
        time.Advance(TimeSpan.FromSeconds(1));
        Wrong(health.Live()).ShouldBe(["heartbeat"]);
        health.LedgerAnswered();
        health.Loaded();
        time.Advance(TimeSpan.FromMinutes(9));
        Wrong(health.Live()).ShouldBeEmpty();
        time.Advance(TimeSpan.FromSeconds(1));
        Wrong(health.Live()).ShouldBe(["heartbeat"]);
    }

    [Fact]
    public void A_ledger_that_is_away_makes_a_process_unready_but_does_not_kill_it()
    {
        ProcessHealth health = Able();
        health.LedgerAnswered();
        time.Advance(TimeSpan.FromSeconds(90));
        health.LedgerMissed("postgres://sea@db/sea: connection refused");
        Wrong(health.Ready()).ShouldBe(["ledger"]);
        health.Ready().Single(check => check.Name == "ledger").Reason.ShouldBe("cannot be reached, last answer 90.0 s ago: postgres://sea@db/sea: connection refused");
        Wrong(health.Live()).ShouldBeEmpty();
        health.LedgerAnswered();
        Wrong(health.Ready()).ShouldBeEmpty();
    }

    [Fact]
    public void Broken_devices_and_draining_make_a_process_unready()
    {
        ProcessHealth health = Able();
        health.DeviceFailed("cuda:0: an illegal memory access was encountered");
        Wrong(health.Ready()).ShouldBe(["device"]);
        health.DeviceReady("cuda:0");
        health.Drain();
        Wrong(health.Ready()).ShouldBe(["drain"]);
        Wrong(health.Live()).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_endpoints_answer_with_the_checks_and_their_reasons()
    {
        ProcessHealth health = new(time);
        await using TelemetryHost host = await TelemetryHost.StartAsync("http://127.0.0.1:0", options => options.Health = health);
        using HttpClient client = new() { BaseAddress = new Uri(host.Addresses[0]) };
        (await client.GetAsync(new Uri(SeaPaths.Ready, UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        using (JsonDocument told = JsonDocument.Parse(await (await client.GetAsync(new Uri(SeaPaths.Startup, UriKind.Relative))).Content.ReadAsStringAsync()))
        {
            told.RootElement.GetProperty("status").GetString().ShouldBe("failing");
            JsonElement check = told.RootElement.GetProperty("checks")[0];
            check.GetProperty("name").GetString().ShouldBe("start");
            check.GetProperty("ok").GetBoolean().ShouldBeFalse();
            check.GetProperty("reason").GetString().ShouldBe("has not looked for work yet, 0.0 s after its start");
        }

        health.Beat();
        health.Started();
        foreach (string path in new[] { SeaPaths.Live, SeaPaths.Ready, SeaPaths.Startup })
        {
            (await client.GetAsync(new Uri(path, UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }
    }

    [Fact]
    public async Task An_address_that_is_taken_is_named()
    {
        await using TelemetryHost first = await TelemetryHost.StartAsync("http://127.0.0.1:0", _ => { });
        SeaException error = await Should.ThrowAsync<SeaException>(() => TelemetryHost.StartAsync(first.Addresses[0], _ => { }));
        error.Message.ShouldStartWith($"--urls {first.Addresses[0]}: Failed to bind to address");
    }

    [Fact]
    public async Task Without_an_address_nothing_listens()
    {
        await using TelemetryHost host = await TelemetryHost.StartAsync(null, _ => { });
        host.Addresses.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_worker_whose_database_cannot_be_reached_lives_and_says_why_it_is_not_ready()
    {
        string folder = Directory.CreateTempSubdirectory("sea-away-").FullName;
        using Process worker = SeaProcess.Start(null, ["worker", folder, "--ledger", "postgres://sea@127.0.0.1:1/sea", "--urls", "http://127.0.0.1:0"]);
        using Said says = new(worker);
        using HttpClient client = new() { BaseAddress = await says.AddressAsync() };
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(200));
        string told;
        while (!(told = await (await client.GetAsync(new Uri(SeaPaths.Ready, UriKind.Relative))).Content.ReadAsStringAsync()).Contains("cannot be reached", StringComparison.Ordinal))
        {
            await pace.WaitForNextTickAsync();
        }

        told.ShouldContain("postgres://sea@127.0.0.1:1/sea");
        (await client.GetAsync(new Uri(SeaPaths.Ready, UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await client.GetAsync(new Uri(SeaPaths.Live, UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);
        worker.Kill();
        await worker.WaitForExitAsync();
        Directory.Delete(folder, recursive: true);
    }

    private ProcessHealth Able()
    {
        ProcessHealth health = new(time);
        health.Beat();
        health.DeviceReady("cpu");
        health.Started();
        return health;
    }

    private static IEnumerable<string> Wrong(IReadOnlyList<HealthCheck> checks) => checks.Where(check => !check.Ok).Select(check => check.Name);
}
