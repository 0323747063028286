using System.Diagnostics;
using System.Text.Json.Nodes;
using SeaCluster.Server.Driving;

namespace SeaCluster.Server.Tests;

/// <summary>Submitted runs driven by real child processes.</summary>
public sealed class DriverTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Runs_are_driven_in_their_order_and_their_reports_are_served()
    {
        await using TestServer server = await TestServer.StartAsync();
        string first = await SubmitAsync(server, Specs.Tiny("first")), second = await SubmitAsync(server, Specs.Tiny("second"));
        using Driving driving = new(server);
        await StateAsync(server, second, "done");
        JsonNode one = await RunAsync(server, first), two = await RunAsync(server, second);
        one["state"]!.ToString().ShouldBe("done");
        Begun(server, two).ShouldBeGreaterThan(Ended(server, one));
        (await server.Http.GetStringAsync(new Uri($"/api/v1/runs/{first}/report", UriKind.Relative))).ShouldContain("<html");
        one["stages"]!.AsArray().Select(stage => stage!["state"]!.ToString()).ShouldAllBe(state => state == "done");
        await driving.StopAsync();
    }

    [Fact]
    public async Task A_cancelled_run_stops_in_a_state_from_which_only_a_retry_goes_on()
    {
        await using TestServer server = await TestServer.StartAsync();
        string id = await SubmitAsync(server, Specs.Tiny("long", rows: 40).Replace("steps: 4, slots: 4", "steps: 400, slots: 4, threshold: 0", StringComparison.Ordinal));
        using (Driving driving = new(server))
        {
            await UntilAsync(server, id, run => run["state"]!.ToString() == "running" && run["stages"]!.AsArray().Any(stage => stage!["stage"]!.ToString() == "synthesize" && stage["state"]!.ToString() == "running"));
            using HttpResponseMessage cancelled = await server.Http.PostAsync(new Uri($"/api/v1/runs/{id}/cancel", UriKind.Relative), null);
            ((int)cancelled.StatusCode).ShouldBe(202, await cancelled.Content.ReadAsStringAsync());
            (await cancelled.JsonAsync())["state"]!.ToString().ShouldBeOneOf("stopping", "cancelled");
            await StateAsync(server, id, "cancelled");
            (await RunAsync(server, id))["ledger_state"]!.ToString().ShouldBe("interrupted");
            await driving.StopAsync();
        }

        // Another driver leaves it alone: it takes the run that was submitted behind it.
        string other = await SubmitAsync(server, Specs.Tiny("other"));
        using Driving next = new(server);
        await StateAsync(server, other, "done");
        (await RunAsync(server, id))["state"]!.ToString().ShouldBe("cancelled");
        using HttpResponseMessage again = await server.Http.PostAsync(new Uri($"/api/v1/runs/{id}/retry", UriKind.Relative), null);
        ((int)again.StatusCode).ShouldBe(202, await again.Content.ReadAsStringAsync());
        await StateAsync(server, id, "running");
        using HttpResponseMessage stop = await server.Http.PostAsync(new Uri($"/api/v1/runs/{id}/cancel", UriKind.Relative), null);
        await StateAsync(server, id, "cancelled");
        await next.StopAsync();
    }

    [Fact]
    public async Task A_run_that_waits_is_cancelled_before_it_begins()
    {
        await using TestServer server = await TestServer.StartAsync();
        string id = await SubmitAsync(server, Specs.Tiny());
        using HttpResponseMessage cancelled = await server.Http.PostAsync(new Uri($"/api/v1/runs/{id}/cancel", UriKind.Relative), null);
        (await cancelled.JsonAsync())["state"]!.ToString().ShouldBe("cancelled");
        using HttpResponseMessage again = await server.Http.PostAsync(new Uri($"/api/v1/runs/{id}/cancel", UriKind.Relative), null);
        ((int)again.StatusCode).ShouldBe(202);
    }

    [Fact]
    public async Task A_run_goes_on_after_its_process_was_killed_and_after_its_driver_was_stopped()
    {
        await using TestServer server = await TestServer.StartAsync();
        string id = await SubmitAsync(server, Specs.Tiny("killed", rows: 12).Replace("steps: 4, slots: 4", "steps: 60, slots: 4, threshold: 0", StringComparison.Ordinal));
        using (Driving driving = new(server))
        {
            JsonNode run = await UntilAsync(server, id, WorksOnSamples);
            using (Process process = Process.GetProcessById(run["worked_on_by"]!["process_id"]!.GetValue<int>()))
            {
                process.Kill();
            }

            run = await UntilAsync(server, id, WorksOnSamples, run["worked_on_by"]!["process_id"]!.GetValue<int>());
            await driving.StopAsync();
            (await UntilAsync(server, id, each => each["worked_on_by"] is null))["state"]!.ToString().ShouldBeOneOf("queued", "done");
        }

        using Driving next = new(server);
        await StateAsync(server, id, "done");
        server.Said.ShouldContain(line => line.Contains("ended with exit code 137", StringComparison.Ordinal));
        await next.StopAsync();
    }

    [Fact]
    public async Task A_run_whose_process_was_killed_before_it_froze_the_spec_is_begun_again()
    {
        await using TestServer server = await TestServer.StartAsync();
        string id = await SubmitAsync(server, Specs.Tiny());
        // All that such a process leaves: a ledger without a run.
        await SeaCluster.Runs.Ledgers.Sqlite.SqliteLedger.Open(Path.Combine(server.Root, id, "ledger.db"), TimeProvider.System).DisposeAsync();
        (await RunAsync(server, id))["state"]!.ToString().ShouldBe("queued");
        using Driving driving = new(server);
        await StateAsync(server, id, "done");
        await driving.StopAsync();
    }

    [Fact]
    public async Task A_run_that_cannot_begin_says_why_and_is_not_tried_for_ever()
    {
        await using TestServer server = await TestServer.StartAsync();
        string data = Path.Combine(server.Root, "rows.jsonl");
        await File.WriteAllTextAsync(data, "{}");
        string id = await SubmitAsync(server, Specs.Tiny("gone").Replace(SeaCluster.Tests.Repository.PathOf("samples", "demo", "rows.jsonl"), data, StringComparison.Ordinal));
        File.Delete(data);
        using Driving driving = new(server);
        JsonNode run = await StateAsync(server, id, "failed");
        run["message"]!.ToString().ShouldContain("data.path");
        await driving.StopAsync();
    }

    [Fact]
    public async Task A_process_that_ends_without_a_word_is_started_again_a_few_times()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Command = new ChildCommand("sh", ["-c", "echo sea: about to crash >&2; kill -SEGV $$"]) });
        string id = await SubmitAsync(server, Specs.Tiny());
        using Driving driving = new(server);
        JsonNode run = await StateAsync(server, id, "failed");
        run["message"]!.ToString().ShouldStartWith("its process ended with exit code 139 5 times in a row, without finishing");
        run["message"]!.ToString().ShouldContain("about to crash");
        await driving.StopAsync();
    }

    [Fact]
    public async Task A_retry_puts_the_named_samples_back_before_the_run_goes_on()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Command = new ChildCommand("sh", ["-c", "exit 3"]) });
        await SeededRun.WriteAsync(server.Root, "run", 5, done: 3, quarantined: 2, finished: true);
        using StringContent unknown = new("""{"samples": ["s0", "s3"]}""", System.Text.Encoding.UTF8, "application/json"), known = new("""{"samples": ["s4"]}""", System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage refused = await server.Http.PostAsync(new Uri("/api/v1/runs/run/retry", UriKind.Relative), unknown);
        (await refused.ShouldBeProblemAsync(422)).ShouldBe("not in quarantine: s0");
        using HttpResponseMessage asked = await server.Http.PostAsync(new Uri("/api/v1/runs/run/retry", UriKind.Relative), known);
        (await asked.JsonAsync())["state"]!.ToString().ShouldBe("queued");
        using Driving driving = new(server);
        // Stopped before that, the next driver would put them back.
        await UntilAsync(server, "run", run => run["state"]!.ToString() != "queued" && server.Said.Contains("run: 1 samples and 0 judgements put back"));
        await driving.StopAsync();
        JsonNode samples = await server.Http.JsonAsync("/api/v1/runs/run/samples");
        samples["samples"]!.AsArray().Select(sample => sample!["state"]!.ToString()).ShouldBe(["done", "done", "done", "quarantined", "pending"]);
        server.Said.ShouldContain("run: 1 samples and 0 judgements put back");
    }

    [Fact]
    public async Task Two_drivers_over_one_folder_begin_a_run_once()
    {
        await using TestServer server = await TestServer.StartAsync();
        string id = await SubmitAsync(server, Specs.Tiny());
        using Driving one = new(server), other = new(server);
        await StateAsync(server, id, "done");
        server.Said.Count(line => line == $"{id}: driven").ShouldBe(1);
        await one.StopAsync();
        await other.StopAsync();
    }

    private static bool WorksOnSamples(JsonNode run) => run["worked_on_by"] is not null && run["stages"]!.AsArray().Any(stage => stage!["stage"]!.ToString() == "synthesize" && stage["state"]!.ToString() == "running");

    private static async Task<string> SubmitAsync(TestServer server, string spec)
    {
        using HttpResponseMessage answer = await server.SubmitAsync(spec);
        ((int)answer.StatusCode).ShouldBe(202, await answer.Content.ReadAsStringAsync());
        return (await answer.JsonAsync())["id"]!.ToString();
    }

    private static Task<JsonNode> RunAsync(TestServer server, string id) => server.Http.JsonAsync($"/api/v1/runs/{id}");

    private static Task<JsonNode> StateAsync(TestServer server, string id, string state) => UntilAsync(server, id, run => run["state"]!.ToString() == state);

    // The run's page says when it changed; nothing is waited for by the clock alone.
    private static async Task<JsonNode> UntilAsync(TestServer server, string id, Func<JsonNode, bool> reached, int? notBy = null)
    {
        using CancellationTokenSource limit = new(Limit);
        using HttpResponseMessage live = await server.Http.GetAsync($"/runs/{id}/live", ("Accept", "text/event-stream"));
        using StreamReader changes = new(await live.Content.ReadAsStreamAsync(limit.Token));
        JsonNode run;
        do
        {
            run = await RunAsync(server, id);
            if (reached(run) && run["worked_on_by"]?["process_id"]?.GetValue<int>() is var by && (notBy is null || by != notBy))
            {
                return run;
            }
        }
        while (await changes.ReadLineAsync(limit.Token) is not null);

        throw new InvalidOperationException($"the stream ended at {run.ToJsonString()}\n{string.Join('\n', server.Said)}");
    }

    private static DateTimeOffset Begun(TestServer server, JsonNode run) => Moments(server, run)[0];

    private static DateTimeOffset Ended(TestServer server, JsonNode run) => Moments(server, run)[^1];

    private static DateTimeOffset[] Moments(TestServer server, JsonNode run) =>
        [.. File.ReadLines(Path.Combine(server.Root, run["id"]!.ToString(), "events.jsonl")).Select(line => DateTimeOffset.Parse(JsonNode.Parse(line)!["at"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture))];

    /// <summary>A driver beside the server, as <c>sea trainer</c> is one.</summary>
    private sealed class Driving : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public Driving(TestServer server) => _running = Task.Run(() => new RunDriver(new DriverOptions { Root = server.Root, Command = server.Options.Command }, TimeProvider.System, line =>
        {
            lock (server.Said)
            {
                server.Said.Add(line);
            }
        }).RunAsync(_stop.Token));

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _running;
        }

        public void Dispose()
        {
            _stop.Cancel();
            _running.Wait(TimeSpan.FromSeconds(40)).ShouldBeTrue("the driver did not stop");
            _stop.Dispose();
        }
    }
}
