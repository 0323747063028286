using System.Net;
using Microsoft.Extensions.Time.Testing;
using SeaCluster.Models;
using SeaCluster.Server.Access;

namespace SeaCluster.Server.Tests;

/// <summary>Who may do what, and what is written down of it.</summary>
public sealed class AccessTests
{
    [Fact]
    public async Task Without_a_token_other_machines_are_not_served()
    {
        foreach (string url in new[] { "http://0.0.0.0:0", "http://*:0", "http://[::]:0", "http://example.org:80", "http://10.0.0.1:0" })
        {
            SeaException refused = await Should.ThrowAsync<SeaException>(() => TestServer.StartAsync(options => options with { Urls = ["http://127.0.0.1:0", url] }));
            refused.Message.ShouldBe($"{url}: can be reached from other machines, and this server has no token: anybody could run anything");
            refused.Hint!.ShouldContain("sea token create");
        }
    }

    [Fact]
    public async Task Kestrels_own_endpoints_are_held_to_the_same()
    {
        string root = Directory.CreateTempSubdirectory("sea-server-").FullName;
        try
        {
            string settings = Path.Combine(root, "settings.json");
            await File.WriteAllTextAsync(settings, """{"Kestrel": {"Endpoints": {"Http": {"Url": "http://0.0.0.0:0"}}}}""");
            (await Should.ThrowAsync<SeaException>(() => TestServer.StartAsync(options => options with { Settings = settings }, root: root))).Message.ShouldStartWith("http://0.0.0.0:0: can be reached");
            TokenFile.Of(root, TimeProvider.System).Create("ann", TokenScope.Read, null);
            await using TestServer server = await TestServer.StartAsync(options => options with { Settings = settings }, root: root);
            server.Address.Host.ShouldBe("0.0.0.0");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task Scopes_include_each_other_and_nothing_more()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "run", 2, done: 1);
        using HttpClient read = server.As(TokenScope.Read), run = server.As(TokenScope.Run), admin = server.As(TokenScope.Admin);
        foreach ((HttpClient client, int look, int submit, int reveal) in new[] { (read, 200, 403, 403), (run, 200, 202, 403), (admin, 200, 202, 200), (server.Http, 401, 401, 401) })
        {
            ((int)(await client.GetAsync("/api/v1/runs")).StatusCode).ShouldBe(look);
            ((int)(await server.SubmitAsync(Specs.Tiny(), client: client)).StatusCode).ShouldBe(submit);
            ((int)(await client.GetAsync("/api/v1/runs/run/samples/synthesize/s0/input")).StatusCode).ShouldBe(reveal);
        }

        using HttpResponseMessage nobody = await server.Http.GetAsync("/api/v1/runs");
        (await nobody.ShouldBeProblemAsync(401)).ShouldContain("Authorization: Bearer");
        nobody.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer realm=\"sea\"");
        using HttpResponseMessage limited = await server.SubmitAsync(Specs.Tiny(), client: read);
        (await limited.ShouldBeProblemAsync(403)).ShouldBe("the token's scope does not cover this");
        using HttpResponseMessage unknown = await server.Http.GetAsync("/api/v1/nothing");
        await unknown.ShouldBeProblemAsync(401);
    }

    [Fact]
    public async Task Expired_revoked_and_made_up_tokens_are_refused_and_the_server_stays_closed()
    {
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        await using TestServer server = await TestServer.StartAsync(time: time);
        TokenFile tokens = TokenFile.Of(server.Root, time);
        (AccessToken kept, string token) = tokens.Create("short", TokenScope.Read, TimeSpan.FromDays(1));
        using HttpClient client = server.WithToken(token);
        (await client.GetAsync("/api/v1/runs")).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (string wrong in new[] { token[..^1] + (token[^1] == 'A' ? 'B' : 'A'), token[..12], $"sea_{kept.Id}_", "sea__", "x", $"sea_00000000_{token.Split('_', 3)[2]}" })
        {
            using HttpClient other = server.WithToken(wrong);
            (await other.GetAsync("/api/v1/runs")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, wrong);
        }

        time.Advance(TimeSpan.FromDays(1));
        (await client.GetAsync("/api/v1/runs")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        tokens.Revoke(kept.Id).ShouldBeTrue();
        tokens.Revoke(kept.Id).ShouldBeFalse();
        (await client.GetAsync("/api/v1/runs")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await server.Http.GetAsync("/api/v1/runs")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Only_a_hash_of_a_token_is_kept_and_only_the_owner_may_read_it()
    {
        await using TestServer server = await TestServer.StartAsync();
        (AccessToken kept, string token) = TokenFile.Of(server.Root, TimeProvider.System).Create("ann", TokenScope.Run, null);
        string file = Path.Combine(server.Root, ".server", "tokens.json");
        (await File.ReadAllTextAsync(file)).ShouldNotContain(token.Split('_', 3)[2]);
        kept.Hash.Length.ShouldBe(64);
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(file)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task The_audit_log_says_who_did_what_from_where_and_never_holds_a_token()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "run", 1);
        (AccessToken kept, string token) = TokenFile.Of(server.Root, TimeProvider.System).Create("ann", TokenScope.Admin, null);
        using HttpClient ann = server.WithToken(token), wrong = server.WithToken(token + "x");
        (await server.SubmitAsync(Specs.Tiny(), client: ann)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await ann.GetAsync("/api/v1/runs");
        await ann.GetAsync("/api/v1/runs/run/samples/synthesize/s0/input");
        await wrong.GetAsync("/api/v1/runs");
        string log = await File.ReadAllTextAsync(Path.Combine(server.Root, ".server", "audit.jsonl"));
        string[] lines = [.. log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!).Select(line => $"{line["who"]} | {line["what"]} | {line["from"]} | {line["outcome"]}")];
        lines.ShouldBe([
            $"{kept.Id} ann | POST /api/v1/runs | 127.0.0.1 | 202",
            $"{kept.Id} ann | GET /api/v1/runs/run/samples/synthesize/s0/input | 127.0.0.1 | 200",
            "nobody | GET /api/v1/runs | 127.0.0.1 | 401",
        ]);
        log.ShouldNotContain(token.Split('_', 3)[2]);
    }

    [Theory]
    [InlineData("Host", "evil.example", "without tokens this server answers to localhost only, not to 'evil.example'; 'sea token create' makes a token")]
    [InlineData("Host", "127.0.0.1.evil.example", "without tokens this server answers to localhost only, not to '127.0.0.1.evil.example'; 'sea token create' makes a token")]
    [InlineData("X-Forwarded-For", "203.0.113.7", "a proxy lets others reach this server, which has no tokens; 'sea token create' makes one")]
    public async Task Without_tokens_names_of_others_and_proxies_are_refused(string header, string value, string detail)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage answer = await server.Http.GetAsync("/api/v1/runs", (header, value));
        (await answer.ShouldBeProblemAsync(403)).ShouldBe(detail);
        foreach (string host in new[] { "localhost", "localhost:1234", "[::1]:80", "127.0.0.1" })
        {
            using HttpResponseMessage here = await server.Http.GetAsync("/api/v1/runs", ("Host", host));
            here.StatusCode.ShouldBe(HttpStatusCode.OK, host);
        }
    }

    [Fact]
    public async Task A_page_of_another_site_changes_nothing_and_reads_nothing()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/runs/x/cancel") { Headers = { { "Origin", "https://evil.example" } } };
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        (await answer.ShouldBeProblemAsync(403)).ShouldBe("a page of https://evil.example may change nothing here");
        using HttpResponseMessage read = await server.Http.GetAsync("/api/v1/runs", ("Origin", "https://evil.example"));
        read.Headers.Any(header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase)).ShouldBeFalse();
    }
}
