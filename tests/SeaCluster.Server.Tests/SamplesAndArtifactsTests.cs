using System.Net;
using System.Text.Json.Nodes;
using SeaCluster.Runs;
using SeaCluster.Runs.Folders;
using SeaCluster.Server.Access;

namespace SeaCluster.Server.Tests;

/// <summary>Samples in pages, artifacts whole and in ranges.</summary>
public sealed class SamplesAndArtifactsTests
{
    [Fact]
    public async Task Samples_are_paged_by_cursor_and_filtered_by_state()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "run", 20, done: 9, quarantined: 3, leased: 2);
        (await AllAsync(server, "/api/v1/runs/run/samples?limit=7")).Select(sample => sample["id"]!.ToString()).ShouldBe(Enumerable.Range(0, 20).Select(n => $"s{n}"));
        (await AllAsync(server, "/api/v1/runs/run/samples?limit=2&state=done")).Count.ShouldBe(9);
        JsonNode[] given = [.. await AllAsync(server, "/api/v1/runs/run/samples?limit=2&state=quarantined")];
        given.Select(sample => sample["id"]!.ToString()).ShouldBe(["s9", "s10", "s11"]);
        given[0]["error"]!.ToString().ShouldBe("the model said nothing");
        given[0]["attempts"]!.GetValue<int>().ShouldBe(1);
        (await AllAsync(server, "/api/v1/runs/run/samples?state=leased"))[0]["owner"]!.ToString().ShouldBe("worker-1");
        (await AllAsync(server, "/api/v1/runs/run/samples?stage=align")).ShouldBeEmpty();
        (await server.Http.GetStringAsync(new Uri("/api/v1/runs/run/samples", UriKind.Relative))).ShouldNotContain("kept to itself");

        foreach ((string query, string detail) in new[]
        {
            ("stage=synthesise", "stage: expected one of prepare, synthesize, align, evaluate, report, found 'synthesise'"),
            ("state=gone", "state: expected one of pending, leased, failed, done, quarantined, found 'gone'"),
            ("cursor=***", "cursor: is none that this server gave"),
            ("limit=1001", "limit: expected 1 to 1000, found 1001"),
        })
        {
            using HttpResponseMessage answer = await server.Http.GetAsync($"/api/v1/runs/run/samples?{query}");
            (await answer.ShouldBeProblemAsync(400)).ShouldBe(detail);
        }
    }

    [Fact]
    public async Task A_sample_is_found_by_its_id_whatever_is_in_it()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "run", 1, done: 1, prefix: "a/b ü?#");
        string address = $"/api/v1/runs/run/samples/synthesize/{Uri.EscapeDataString("a/b ü?#0")}";
        JsonNode sample = await server.Http.JsonAsync(address);
        sample["id"]!.ToString().ShouldBe("a/b ü?#0");
        sample["steps"]!.GetValue<int>().ShouldBe(7);
        (await server.Http.GetStringAsync(new Uri($"{address}/artifact", UriKind.Relative))).ShouldBe("embedding of a/b ü?#0");
        (await server.Http.JsonAsync($"{address}/input"))["input"]!["text"]!.ToString().ShouldBe("kept to itself 0");
        using HttpResponseMessage none = await server.Http.GetAsync("/api/v1/runs/run/samples/synthesize/other");
        (await none.ShouldBeProblemAsync(404)).ShouldContain("'other' in synthesize of run 'run'");
    }

    [Fact]
    public async Task Artifacts_of_stages_and_samples_are_listed_in_one_order()
    {
        await using TestServer server = await TestServer.StartAsync();
        RunFolder folder = await SeededRun.WriteAsync(server.Root, "run", 5, done: 4);
        string hash = await SeededRun.PutAsync(folder, StageName.Align, "adapter/adapter model.safetensors", "weights");
        await SeededRun.PutAsync(folder, StageName.Report, "report.html", "<p>");
        List<JsonNode> all = [];
        string? cursor = null;
        do
        {
            JsonNode page = await server.Http.JsonAsync($"/api/v1/runs/run/artifacts?limit=1{(cursor is null ? "" : $"&cursor={cursor}")}");
            all.AddRange(page["artifacts"]!.AsArray().Select(artifact => artifact!));
            cursor = page["next"]?.ToString();
        }
        while (cursor is not null);

        all.Select(artifact => artifact["sample"]?.ToString() ?? artifact["name"]!.ToString()).ShouldBe(["adapter/adapter model.safetensors", "report.html", "s0", "s1", "s2", "s3"]);
        all[0]["hash"]!.ToString().ShouldBe(hash);
        foreach (JsonNode artifact in all)
        {
            using HttpResponseMessage answer = await server.Http.GetAsync(artifact["href"]!.ToString());
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            answer.Headers.ETag!.Tag.ShouldBe($"\"{artifact["hash"]}\"");
            (await answer.Content.ReadAsByteArrayAsync()).Length.ShouldBe(artifact["bytes"]!.GetValue<int>());
        }
    }

    [Fact]
    public async Task Downloads_take_ranges_and_know_what_is_unchanged()
    {
        await using TestServer server = await TestServer.StartAsync();
        RunFolder folder = await SeededRun.WriteAsync(server.Root, "run", 1);
        string hash = await SeededRun.PutAsync(folder, StageName.Align, "adapter/weights.bin", "0123456789"), address = "/api/v1/runs/run/artifacts/adapter/weights.bin";
        using HttpResponseMessage part = await server.Http.GetAsync(address, ("Range", "bytes=2-4"));
        part.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        part.Content.Headers.ContentRange!.ToString().ShouldBe("bytes 2-4/10");
        (await part.Content.ReadAsStringAsync()).ShouldBe("234");
        using HttpResponseMessage same = await server.Http.GetAsync(address, ("If-None-Match", $"\"{hash}\""));
        same.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        using HttpResponseMessage stale = await server.Http.GetAsync(address, ("Range", "bytes=2-4"), ("If-Range", "\"other\""));
        (await stale.Content.ReadAsStringAsync()).ShouldBe("0123456789");
        using HttpResponseMessage beyond = await server.Http.GetAsync(address, ("Range", "bytes=20-"));
        beyond.StatusCode.ShouldBe(HttpStatusCode.RequestedRangeNotSatisfiable);
        same.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        part.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
    }

    [Fact]
    public async Task What_is_not_what_was_written_is_not_given_out()
    {
        await using TestServer server = await TestServer.StartAsync();
        RunFolder folder = await SeededRun.WriteAsync(server.Root, "run", 1);
        await SeededRun.PutAsync(folder, StageName.Align, "adapter/weights.bin", "0123456789");
        string file = folder.At("adapter", "weights.bin"), address = "/api/v1/runs/run/artifacts/adapter/weights.bin";
        (await server.Http.GetStringAsync(new Uri(address, UriKind.Relative))).ShouldBe("0123456789");
        DateTime written = File.GetLastWriteTimeUtc(file);
        await File.WriteAllTextAsync(file, "9876543210");
        File.SetLastWriteTimeUtc(file, written.AddSeconds(1));
        using HttpResponseMessage altered = await server.Http.GetAsync(address);
        (await altered.ShouldBeProblemAsync(410)).ShouldContain("is missing, or is not what was written");
        string outside = Path.Combine(server.Root, "outside");
        await File.WriteAllTextAsync(outside, "0123456789");
        File.Delete(file);
        File.CreateSymbolicLink(file, outside);
        using HttpResponseMessage link = await server.Http.GetAsync(address);
        await link.ShouldBeProblemAsync(410);
        using HttpResponseMessage other = await server.Http.GetAsync("/api/v1/runs/run/artifacts/ledger.db");
        await other.ShouldBeProblemAsync(404);
    }

    [Fact]
    public async Task Files_with_harmful_text_need_the_scope_admin()
    {
        await using TestServer server = await TestServer.StartAsync();
        RunFolder folder = await SeededRun.WriteAsync(server.Root, "run", 1);
        await SeededRun.PutAsync(folder, StageName.Prepare, "prepared.jsonl", "{}");
        await SeededRun.PutAsync(folder, StageName.Evaluate, "evaluation/aligned.jsonl", "{}");
        await SeededRun.PutAsync(folder, StageName.Align, "adapter/config.json", "{}");
        using HttpClient read = server.As(TokenScope.Read), admin = server.As(TokenScope.Admin);
        using HttpResponseMessage refused = await read.GetAsync("/api/v1/runs/run/artifacts/prepared.jsonl");
        (await refused.ShouldBeProblemAsync(403)).ShouldBe("prepared.jsonl holds harmful text: it needs a token of scope admin");
        (await read.GetAsync("/api/v1/runs/run/artifacts/evaluation/aligned.jsonl")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await read.GetAsync("/api/v1/runs/run/artifacts/adapter/config.json")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await admin.GetAsync("/api/v1/runs/run/artifacts/prepared.jsonl")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<List<JsonNode>> AllAsync(TestServer server, string address)
    {
        List<JsonNode> all = [];
        string? cursor = null;
        do
        {
            JsonNode page = await server.Http.JsonAsync($"{address}{(cursor is null ? "" : $"&cursor={cursor}")}");
            all.AddRange(page["samples"]!.AsArray().Select(sample => sample!));
            cursor = page["next"]?.ToString();
        }
        while (cursor is not null);

        return all;
    }
}
