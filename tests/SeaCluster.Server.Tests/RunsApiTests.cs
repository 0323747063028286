using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using SeaCluster.Runs;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;
using SeaCluster.Server.Driving;
using SeaCluster.Server.Runs;
using SeaCluster.Tests;

namespace SeaCluster.Server.Tests;

/// <summary>Submitting, listing and reading runs, and what is refused.</summary>
public sealed class RunsApiTests
{
    [Fact]
    public async Task A_submitted_run_waits_and_is_found_at_the_address_that_the_answer_names()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage answer = await server.SubmitAsync(Specs.Tiny("first"));
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        JsonNode run = await server.Http.JsonAsync(answer.Headers.Location!.OriginalString);
        run["state"]!.ToString().ShouldBe("queued");
        run["name"]!.ToString().ShouldBe("first");
        run["by"]!.ToString().ShouldBe("loopback");
        string folder = run["folder"]!.ToString();
        folder.ShouldStartWith(Path.Combine(server.Root, "first-"));
        (await File.ReadAllTextAsync(Path.Combine(folder, ".submission", "spec.yaml"))).ShouldContain(Repository.PathOf("samples", "demo", "rows.jsonl"));
    }

    [Fact]
    public async Task A_spec_may_be_JSON_and_its_relative_paths_are_below_the_root()
    {
        await using TestServer server = await TestServer.StartAsync();
        Directory.CreateDirectory(Path.Combine(server.Root, "models", "own"));
        await File.WriteAllTextAsync(Path.Combine(server.Root, "models", "own", "config.json"), "{}");
        await File.WriteAllTextAsync(Path.Combine(server.Root, "rows.jsonl"), "");
        await File.WriteAllTextAsync(Path.Combine(server.Root, "benign.jsonl"), "");
        using HttpResponseMessage answer = await server.SubmitAsync(
            """{"name": "größe", "model": {"path": "models/own"}, "data": {"path": "rows.jsonl", "benign": "benign.jsonl"}, "synthesize": {"slots": "auto", "pairs": ["content"]}}""", "application/json");
        ((int)answer.StatusCode).ShouldBe(202, await answer.Content.ReadAsStringAsync());
        string spec = await File.ReadAllTextAsync(Path.Combine((await answer.JsonAsync())["folder"]!.ToString(), ".submission", "spec.yaml"));
        spec.ShouldContain($"path: {Path.Combine(server.Root, "models", "own")}\n");
        spec.ShouldContain("slots: auto\n");
    }

    [Fact]
    public async Task Every_problem_of_a_wrong_spec_is_named_with_its_option_and_line()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage answer = await server.SubmitAsync("model: { path: nowhere }\nsynthesize:\n  stpes: 3\ndata: { benign: nothing }\n");
        (await answer.ShouldBeProblemAsync(422)).ShouldBe("2 problems in the run spec");
        JsonArray errors = (await answer.JsonAsync())["errors"]!.AsArray();
        errors.Select(error => $"{error!["line"]} {error["option"]}").ShouldBe(["3 synthesize.stpes", " data.path"]);
        errors[0]!["message"]!.ToString().ShouldContain("did you mean 'steps'?");
        Directory.GetDirectories(server.Root).Select(Path.GetFileName).ShouldBe([".server"]);
    }

    [Fact]
    public async Task The_folder_and_the_ledger_are_the_servers_to_choose()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage answer = await server.SubmitAsync(Specs.Tiny(more: "out: elsewhere\nledger: postgres://sea@db/sea"));
        await answer.ShouldBeProblemAsync(422);
        (await answer.JsonAsync())["errors"]!.AsArray().Select(error => error!["option"]!.ToString()).ShouldBe(["out", "ledger"]);
    }

    [Fact]
    public async Task Runs_are_paged_newest_first_and_each_is_seen_once()
    {
        await using TestServer server = await TestServer.StartAsync();
        List<string> submitted = [];
        for (int i = 0; i < 5; i++)
        {
            using HttpResponseMessage answer = await server.SubmitAsync(Specs.Tiny($"run{i}"));
            submitted.Insert(0, (await answer.JsonAsync())["id"]!.ToString());
        }

        List<string> seen = [];
        string? cursor = null;
        do
        {
            JsonNode page = await server.Http.JsonAsync($"/api/v1/runs?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            page["runs"]!.AsArray().Count.ShouldBeLessThanOrEqualTo(2);
            seen.AddRange(page["runs"]!.AsArray().Select(run => run!["id"]!.ToString()));
            cursor = page["next"]?.ToString();
        }
        while (cursor is not null);

        seen.ShouldBe(submitted);
    }

    [Fact]
    public async Task Runs_that_were_begun_by_hand_are_seen_too_those_of_studies_by_their_path()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "by-hand", 3, done: 1);
        await SeededRun.WriteAsync(Path.Combine(server.Root, "controls"), "blank", 3, done: 3, finished: true);
        JsonNode list = await server.Http.JsonAsync("/api/v1/runs");
        list["runs"]!.AsArray().Select(run => $"{run!["id"]} {run["state"]}").Order(StringComparer.Ordinal).ShouldBe(["by-hand killed", "controls~blank done"]);
        JsonNode run = await server.Http.JsonAsync("/api/v1/runs/controls~blank");
        run["stages"]!.AsArray().Single(stage => stage!["stage"]!.ToString() == "synthesize")!["samples"]!["done"]!.GetValue<int>().ShouldBe(3);

        using HttpResponseMessage cancelled = await server.Http.PostAsync(new Uri("/api/v1/runs/by-hand/cancel", UriKind.Relative), null);
        (await cancelled.ShouldBeProblemAsync(409)).ShouldBe("this run was begun by hand, not submitted");
    }

    [Theory]
    [InlineData("GET", "/api/v1/nothing", null, 404, "there is nothing at /api/v1/nothing")]
    [InlineData("GET", "/api/v1/runs/..%2f..%2fetc", null, 404, "there is no run '..%2f..%2fetc'")]
    [InlineData("DELETE", "/api/v1/runs", null, 405, "/api/v1/runs does not take DELETE; it takes GET, POST")]
    [InlineData("POST", "/api/v1/runs", "text/plain", 415, "the body's type is 'text/plain', and cannot be read here; a run spec is application/yaml or application/json")]
    [InlineData("GET", "/api/v1/runs?limit=0", null, 400, "limit: expected 1 to 200, found 0")]
    [InlineData("GET", "/api/v1/runs?limit=many", null, 400, "Failed to bind parameter \"int limit\" from \"many\".")]
    [InlineData("GET", "/api/v1/runs?cursor=x.y", null, 400, "cursor: is none that this server gave")]
    [InlineData("POST", "/api/v1/runs/none/retry", "application/json", 404, "there is no run 'none'")]
    public async Task Every_error_is_a_problem_document(string method, string path, string? type, int status, string detail)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpRequestMessage request = new(new HttpMethod(method), path) { Content = type is null ? null : new StringContent("", System.Text.Encoding.UTF8) };
        if (type is not null)
        {
            request.Content!.Headers.ContentType = new(type);
        }

        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        (await answer.ShouldBeProblemAsync(status)).ShouldBe(detail);
    }

    [Fact]
    public async Task A_run_that_ended_since_its_ledger_was_read_is_not_taken_for_a_failed_one()
    {
        string root = Directory.CreateTempSubdirectory("sea-catalogue-").FullName;
        try
        {
            RunFolder folder = await SeededRun.WriteAsync(root, "over", samples: 3, done: 3);
            Submission submission = new(folder);
            Directory.CreateDirectory(Path.GetDirectoryName(submission.Spec)!);
            RunRequest request = new(1, "over", DateTimeOffset.UnixEpoch, "somebody", Wanted: true, Retry: null);
            submission.Ask(request);

            // A clock that stands still: what was read once would be fresh for ever.
            FakeTimeProvider time = new();
            await using RunLedgers ledgers = new(given: null, time);
            RunCatalogue catalogue = new(root, ledgers, time);
            RunPlace place = catalogue.Find("over")!;
            (await catalogue.ViewAsync(place, default)).Standing.ShouldBe(RunStanding.Queued);

            await using (SqliteLedger ledger = SqliteLedger.Open(folder.Ledger, TimeProvider.System, create: false))
            {
                await ledger.MoveStageAsync(SeededRun.Run, StageName.Synthesize.Text(), new StageMove(StageState.Running, StageState.Done));
                await ledger.MoveRunAsync(SeededRun.Run, RunState.Running, RunState.Done);
            }

            submission.Tell(new DriveOutcome(request.Sequence, Final: true, Starts: 0, RetriedFor: 0, ExitCode: 0, Error: null, DateTimeOffset.UnixEpoch));
            (await catalogue.ViewAsync(place, default)).Standing.ShouldBe(RunStanding.Done);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage answer = await server.SubmitAsync(new string('#', SeaServer.LargestBody + 1));
        (await answer.ShouldBeProblemAsync(413)).ShouldBe("the request's body is larger than 1048576 bytes");
    }

    [Fact]
    public async Task Too_many_requests_are_told_how_long_to_wait()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Rates = new(Reads: 3, Writes: 2) });
        for (int i = 0; i < 3; i++)
        {
            (await server.Http.JsonAsync("/api/v1/runs"))["runs"]!.AsArray().ShouldBeEmpty();
        }

        using HttpResponseMessage answer = await server.Http.GetAsync("/api/v1/runs");
        (await answer.ShouldBeProblemAsync(429)).ShouldStartWith("too many requests");
        answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(1, 60);
        using HttpResponseMessage other = await server.SubmitAsync(Specs.Tiny());
        other.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task A_root_that_is_missing_or_a_run_itself_is_refused()
    {
        SeaCluster.Models.SeaException missing = await Should.ThrowAsync<SeaCluster.Models.SeaException>(() => TestServer.StartAsync(options => options with { Root = "/nowhere/at/all" }));
        missing.Message.ShouldBe("/nowhere/at/all: no such folder");
        missing.WrongUse.ShouldBeTrue();
        string folder = Directory.CreateTempSubdirectory("sea-server-").FullName;
        try
        {
            await SeededRun.WriteAsync(folder, "run", 1);
            string run = Path.Combine(folder, "run");
            (await Should.ThrowAsync<SeaCluster.Models.SeaException>(() => TestServer.StartAsync(root: run))).Message.ShouldBe($"{run}: is the folder of one run");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
