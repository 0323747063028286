using System.Net;
using System.Text.Json.Nodes;
using SeaCluster.Server.Access;

namespace SeaCluster.Server.Tests;

/// <summary>A request that is repeated has its effect once.</summary>
public sealed class IdempotencyTests
{
    [Fact]
    public async Task The_same_key_and_body_give_the_same_answer_also_after_a_restart()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage first = await server.SubmitAsync(Specs.Tiny(), key: "key-1"), second = await server.SubmitAsync(Specs.Tiny(), key: "key-1");
        string told = await first.Content.ReadAsStringAsync();
        (await second.Content.ReadAsStringAsync()).ShouldBe(told);
        await server.RestartAsync();
        using HttpResponseMessage third = await server.SubmitAsync(Specs.Tiny(), key: "key-1");
        third.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        third.Headers.Location.ShouldBe(first.Headers.Location);
        (await third.Content.ReadAsStringAsync()).ShouldBe(told);
        (await server.Http.JsonAsync("/api/v1/runs"))["runs"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_same_key_for_another_body_or_another_address_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage first = await server.SubmitAsync(Specs.Tiny(), key: "key-1"), other = await server.SubmitAsync(Specs.Tiny("other"), key: "key-1");
        (await other.ShouldBeProblemAsync(422)).ShouldBe("this Idempotency-Key was used for another request");
        using HttpRequestMessage request = new(HttpMethod.Post, $"/api/v1/runs/{(await first.JsonAsync())["id"]}/cancel") { Headers = { { "Idempotency-Key", "key-1" } } };
        using HttpResponseMessage elsewhere = await server.Http.SendAsync(request);
        await elsewhere.ShouldBeProblemAsync(422);
        (await server.Http.JsonAsync("/api/v1/runs"))["runs"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_died_before_it_answered_finishes_the_same_run()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage first = await server.SubmitAsync(Specs.Tiny(), key: "key-1");
        string id = (await first.JsonAsync())["id"]!.ToString();
        string kept = Directory.GetFiles(Path.Combine(server.Root, ".server", "idempotency")).Single();
        JsonObject record = JsonNode.Parse(await File.ReadAllTextAsync(kept))!.AsObject();
        record["answer"] = null;
        await File.WriteAllTextAsync(kept, record.ToJsonString());
        await server.RestartAsync();
        using HttpResponseMessage second = await server.SubmitAsync(Specs.Tiny(), key: "key-1");
        (await second.JsonAsync())["id"]!.ToString().ShouldBe(id);
        (await server.Http.JsonAsync("/api/v1/runs"))["runs"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Many_at_once_with_one_key_submit_one_run()
    {
        await using TestServer server = await TestServer.StartAsync();
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => server.SubmitAsync(Specs.Tiny(), key: "crowd")));
        string[] told = await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync()));
        told.Distinct().Count().ShouldBe(1);
        (await server.Http.JsonAsync("/api/v1/runs"))["runs"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_key_is_its_callers_and_a_refused_request_leaves_it_free()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient ann = server.As(TokenScope.Run, "ann"), bob = server.As(TokenScope.Run, "bob");
        using HttpResponseMessage refused = await server.SubmitAsync("model: {}", key: "k", client: ann);
        await refused.ShouldBeProblemAsync(422);
        using HttpResponseMessage anns = await server.SubmitAsync(Specs.Tiny(), key: "k", client: ann), bobs = await server.SubmitAsync(Specs.Tiny(), key: "k", client: bob);
        anns.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await bobs.JsonAsync())["id"]!.ToString().ShouldNotBe((await anns.JsonAsync())["id"]!.ToString());
        (await bobs.JsonAsync())["by"]!.ToString().ShouldBe("bob");
    }

    [Fact]
    public async Task A_key_that_is_too_long_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage answer = await server.SubmitAsync(Specs.Tiny(), key: new string('k', 256));
        (await answer.ShouldBeProblemAsync(400)).ShouldBe("Idempotency-Key: expected one value of 1 to 255 characters");
    }
}
