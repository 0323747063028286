using System.Text.Json;
using SeaCluster.Method.Endpoints;
using SeaCluster.Method.Tests.Evaluation;
using SeaCluster.Models;

namespace SeaCluster.Method.Tests.Endpoints;

public sealed class ChatEndpointTests : IDisposable
{
    private static readonly ChatRequest Question = new("be brief", "say yes", 16);

    private readonly TemporaryFolder _folder = new();
    private readonly InstantTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_request_carries_model_messages_and_temperature_zero()
    {
        await using ChatServer server = new((_, _) => Reply.Says("yes"));
        using ChatEndpoint endpoint = Endpoint(server);

        ChatReply<string> reply = await Ask(endpoint, Question with { JsonSchema = """{"type":"object"}""" });

        reply.ShouldBe(new ChatReply<string>("yes", null, "judge-1", Cached: false));
        JsonElement body = server.Bodies.ShouldHaveSingleItem();
        body.GetProperty("model").GetString().ShouldBe("judge");
        body.GetProperty("temperature").GetDouble().ShouldBe(0);
        body.GetProperty("max_completion_tokens").GetInt32().ShouldBe(16);
        body.GetProperty("response_format").GetProperty("type").GetString().ShouldBe("json_schema");
        body.GetProperty("messages").EnumerateArray().Select(m => $"{m.GetProperty("role")}: {Content(m)}").ShouldBe(["system: be brief", "user: say yes"]);
        endpoint.Usage.ShouldBe(new ChatUsage(1, 0, 100, 2));
    }

    [Fact]
    public async Task Errors_of_the_server_are_waited_out_with_growing_waits()
    {
        await using ChatServer server = new((n, _) => n < 4 ? Reply.Error(500, "boom") : Reply.Says("yes"));
        using ChatEndpoint endpoint = Endpoint(server);

        (await Ask(endpoint)).Value.ShouldBe("yes");

        _time.Waits.Count.ShouldBe(3);
        for (int i = 0; i < 3; i++)
        {
            _time.Waits[i].TotalSeconds.ShouldBeInRange(0.5 * Math.Pow(2, i), Math.Pow(2, i));
        }
    }

    [Theory]
    [InlineData("Retry-After: 7\r\n", 7)]
    [InlineData("Retry-After: Thu, 01 Jan 2026 00:01:00 GMT\r\n", 60)]
    public async Task A_wait_that_the_server_asks_for_is_kept(string header, double seconds)
    {
        await using ChatServer server = new((n, _) => n == 1 ? Reply.Error(429, "slow down", header) : Reply.Says("yes"));
        using ChatEndpoint endpoint = Endpoint(server);

        (await Ask(endpoint)).Value.ShouldBe("yes");

        _time.Waits.Sum(wait => wait.TotalSeconds).ShouldBe(seconds, 1e-6);
    }

    [Fact]
    public async Task A_very_long_wait_stops_the_work_and_says_so()
    {
        await using ChatServer server = new((_, _) => Reply.Error(429, "quota used up", "Retry-After: 3600\r\n"));
        using ChatEndpoint endpoint = Endpoint(server);

        SeaException e = await Should.ThrowAsync<SeaException>(() => Ask(endpoint));

        e.Message.ShouldStartWith($"judge at {server.Address} asks to wait 3600 s. HTTP 429: ");
        e.Hint.ShouldBe("Run the same command again later: what is done is kept.");
    }

    [Fact]
    public async Task A_cut_connection_and_broken_replies_are_tried_again()
    {
        Reply[] bad = [Reply.Says("yes") with { Cut = true }, new(200, "<html>"), new(200, "{}"), new(200, """{"choices":[]}""")];
        await using ChatServer server = new((n, _) => n <= bad.Length ? bad[n - 1] : Reply.Says("yes"));
        using ChatEndpoint endpoint = Endpoint(server);

        (await Ask(endpoint)).Value.ShouldBe("yes");
        server.Requests.ShouldBe(5);
    }

    [Fact]
    public async Task A_silent_server_is_given_up_after_the_time_limit()
    {
        await using ChatServer server = new((_, _) => Reply.Says("yes") with { After = new TaskCompletionSource().Task });
        using ChatEndpoint endpoint = new(Options(server) with { Timeout = TimeSpan.FromMilliseconds(100), Attempts = 2 }, _time);

        (await Ask(endpoint)).Failure.ShouldBe("no reply within 0.1 s");
        server.Requests.ShouldBe(2);
    }

    [Fact]
    public async Task A_reply_that_makes_no_sense_is_asked_for_again_and_then_a_failure()
    {
        await using ChatServer server = new((_, _) => Reply.Says("perhaps\nnot"));
        using ChatEndpoint endpoint = new(Options(server) with { Attempts = 3 }, _time);

        ChatReply<string> reply = await Ask(endpoint);

        reply.Failure.ShouldBe("the reply was not understood: 'perhaps not'");
        server.Requests.ShouldBe(3);
    }

    [Theory]
    [InlineData(401, "refused the key. HTTP 401: ", "Check the API key and what it may use.")]
    [InlineData(404, "was not found. HTTP 404: ", "Check the address (it usually ends in /v1) and the model's name.")]
    public async Task A_wrong_key_or_address_stops_at_once(int status, string message, string hint)
    {
        await using ChatServer server = new((_, _) => Reply.Error(status, "no"));
        using ChatEndpoint endpoint = Endpoint(server);

        SeaException e = await Should.ThrowAsync<SeaException>(() => Ask(endpoint));

        e.Message.ShouldStartWith($"judge at {server.Address} {message}");
        e.Hint.ShouldBe(hint);
        server.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task A_request_that_is_refused_for_itself_fails_alone()
    {
        await using ChatServer server = new((_, _) => Reply.Error(400, "content filter"));
        using ChatEndpoint endpoint = Endpoint(server);

        (await Ask(endpoint)).Failure.ShouldStartWith("HTTP 400: ");
        server.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task An_endpoint_that_is_down_stops_the_work_after_some_requests()
    {
        ChatServer server = new((_, _) => Reply.Says("yes"));
        ChatEndpointOptions options = Options(server) with { Attempts = 2, FailuresInARow = 3 };
        await server.DisposeAsync();
        using ChatEndpoint endpoint = new(options, _time);

        (await Ask(endpoint)).Failure.ShouldStartWith("the connection was lost: ");
        (await Ask(endpoint)).Failure.ShouldStartWith("the connection was lost: ");
        SeaException e = await Should.ThrowAsync<SeaException>(() => Ask(endpoint));

        e.Message.ShouldStartWith($"judge at {options.Address} answered none of 3 requests in a row. The last: the connection was lost: ");
    }

    [Fact]
    public async Task Understood_replies_are_cached_on_the_disk_and_others_are_not()
    {
        await using ChatServer server = new((n, _) => Reply.Says(n == 1 ? "perhaps" : "yes"));
        ChatEndpointOptions options = Options(server) with { CacheFolder = _folder.Path };
        using (ChatEndpoint first = new(options, _time))
        {
            (await Ask(first)).Cached.ShouldBeFalse();
        }

        using ChatEndpoint second = new(options, _time);
        (await Ask(second)).ShouldBe(new ChatReply<string>("yes", null, "judge-1", Cached: true));
        second.Usage.ShouldBe(new ChatUsage(0, 1, 0, 0));
        server.Requests.ShouldBe(2);

        (await Ask(second, Question with { User = "say yes again" })).Cached.ShouldBeFalse();
        using ChatEndpoint other = new(options with { Model = "another" }, _time);
        (await Ask(other)).Cached.ShouldBeFalse();
    }

    [Fact]
    public async Task A_damaged_cache_file_is_asked_for_again_and_mended()
    {
        await using ChatServer server = new((_, _) => Reply.Says("yes"));
        using ChatEndpoint endpoint = new(Options(server) with { CacheFolder = _folder.Path }, _time);
        await Ask(endpoint);
        string file = Directory.GetFiles(_folder.Path, "*.json", SearchOption.AllDirectories).ShouldHaveSingleItem();
        File.WriteAllText(file, "{\"Text\":");

        (await Ask(endpoint)).Cached.ShouldBeFalse();
        (await Ask(endpoint)).Cached.ShouldBeTrue();
    }

    [Fact]
    public async Task No_more_requests_than_allowed_are_under_way()
    {
        TaskCompletionSource three = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ChatServer server = new((n, _) =>
        {
            if (n == 3)
            {
                three.SetResult();
            }

            return Reply.Says("yes") with { After = three.Task };
        });
        using ChatEndpoint endpoint = new(Options(server) with { Concurrency = 3 }, _time);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Ask(endpoint, Question with { User = $"{i}" })));

        server.MostAtOnce.ShouldBe(3);
    }

    [Fact]
    public void The_key_is_never_printed() =>
        new ChatEndpointOptions(new Uri("http://localhost/v1"), "m", "secret").ToString().ShouldBe("m at http://localhost/v1");

    private static string? Content(JsonElement message) => message.GetProperty("content") is { ValueKind: JsonValueKind.Array } parts
        ? parts[0].GetProperty("text").GetString()
        : message.GetProperty("content").GetString();

    private static ChatEndpointOptions Options(ChatServer server) => new(server.Address, "judge", "key");

    private static Task<ChatReply<string>> Ask(ChatEndpoint endpoint, ChatRequest? question = null) =>
        endpoint.AskAsync(question ?? Question, text => text == "yes" ? text : null, default);

    private ChatEndpoint Endpoint(ChatServer server) => new(Options(server), _time);
}
