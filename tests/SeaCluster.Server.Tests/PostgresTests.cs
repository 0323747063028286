using System.Diagnostics;
using System.Text.Json.Nodes;
using SeaCluster.EndToEnd.Tests;
using SeaCluster.Runs.Tests.Ledgers;
using SeaCluster.Server.Driving;
using SeaCluster.Tests;

namespace SeaCluster.Server.Tests;

/// <summary>Submitted runs with their ledgers in one PostgreSQL database, and workers beside them.</summary>
[Collection(PostgresServer.Collection)]
public sealed class PostgresTests(PostgresServer database)
{
    [RequiresFact(PostgresServer.Needed)]
    public async Task A_submitted_run_has_its_ledger_in_the_database_and_outlives_its_workers()
    {
        await database.AskAsync("CREATE ROLE serving LOGIN PASSWORD 'right'; CREATE SCHEMA served AUTHORIZATION serving");
        string address = database.Text("served", login: "serving:right");
        await using TestServer server = await TestServer.StartAsync(options => options with { Drive = true, Ledger = address });
        using HttpResponseMessage submitted = await server.SubmitAsync(Specs.Tiny("shared", rows: 6, more: "work: { local: false, lease: 2s }").Replace("steps: 4, slots: 4", "steps: 100, slots: 4, threshold: 0", StringComparison.Ordinal));
        ((int)submitted.StatusCode).ShouldBe(202, await submitted.Content.ReadAsStringAsync());
        string id = (await submitted.JsonAsync())["id"]!.ToString();

        for (int kill = 0; kill < 2; kill++)
        {
            using Process worker = Worker(server);
            await UntilAsync(server, id, run => Synthesis(run)?["samples"]?["leased"]?.GetValue<int>() > 0 || run["state"]!.ToString() is "done" or "failed");
            worker.Kill();
            await worker.WaitForExitAsync();
        }

        using Process last = Worker(server);
        JsonNode done = await UntilAsync(server, id, run => run["state"]!.ToString() is "done" or "failed");
        last.Kill();
        done["state"]!.ToString().ShouldBe("done", done.ToJsonString());
        Synthesis(done)!["samples"]!["done"]!.GetValue<int>().ShouldBe(12);
        (await database.AskAsync("SELECT count(*) FROM served.samples WHERE state = 'done'")).ShouldBe(12L);
        File.Exists(Path.Combine(server.Root, id, "ledger.db")).ShouldBeFalse();
        string remembered = await File.ReadAllTextAsync(Path.Combine(server.Root, id, "ledger.json"));
        remembered.ShouldNotContain("right");
        (await server.Http.JsonAsync($"/api/v1/runs/{id}/artifacts?limit=1000"))["artifacts"]!.AsArray().Count(artifact => artifact!["sample"] is not null).ShouldBe(12);
        (await server.Http.JsonAsync($"/api/v1/runs/{id}/samples?state=done&limit=7"))["samples"]!.AsArray().Count.ShouldBe(7);
        foreach (string file in Directory.GetFiles(server.Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).Where(file => new FileInfo(file).Length < 1 << 20))
        {
            (await File.ReadAllTextAsync(file)).ShouldNotContain("serving:right", customMessage: file);
        }
    }

    private static Process Worker(TestServer server) => SeaProcess.Start(null, ["worker", server.Root], ("PGPASSWORD", "right"));

    private static JsonNode? Synthesis(JsonNode run) => run["stages"]!.AsArray().FirstOrDefault(stage => stage!["stage"]!.ToString() == "synthesize");

    private static async Task<JsonNode> UntilAsync(TestServer server, string id, Func<JsonNode, bool> reached)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(4));
        using HttpResponseMessage live = await server.Http.GetAsync($"/runs/{id}/live", ("Accept", "text/event-stream"));
        using StreamReader changes = new(await live.Content.ReadAsStreamAsync(limit.Token));
        JsonNode run;
        do
        {
            run = await server.Http.JsonAsync($"/api/v1/runs/{id}");
            if (reached(run))
            {
                return run;
            }
        }
        while (await changes.ReadLineAsync(limit.Token) is not null);

        throw new InvalidOperationException($"the stream ended at {run.ToJsonString()}\n{string.Join('\n', server.Said)}");
    }
}
