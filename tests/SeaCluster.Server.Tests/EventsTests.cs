using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;

namespace SeaCluster.Server.Tests;

/// <summary>What happens in a run, as a stream.</summary>
public sealed class EventsTests
{
    [Fact]
    public async Task A_stream_tells_what_happened_then_what_happens_and_is_taken_up_where_it_was_cut()
    {
        await using TestServer server = await TestServer.StartAsync();
        string folder = (await SeededRun.WriteAsync(server.Root, "run", 3, quarantined: 1)).Path;
        using HttpResponseMessage answer = await server.Http.GetAsync("/api/v1/runs/run/events", ("Accept", "text/event-stream"));
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        await using IAsyncEnumerator<SseItem<string>> stream = SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator();
        List<SseItem<string>> seen = [];
        while (seen.LastOrDefault().EventType != "sample_quarantined")
        {
            (await stream.MoveNextAsync()).ShouldBeTrue();
            seen.Add(stream.Current);
        }

        seen.Select(item => item.EventType).ShouldBe(["run_created", "run_running", "stage_running", "sample_quarantined"]);
        JsonNode last = JsonNode.Parse(seen[^1].Data)!;
        (last["sample"]!.ToString(), last["stage"]!.ToString(), last["sequence"]!.ToString()).ShouldBe(("s0", "synthesize", seen[^1].EventId));

        await using (SqliteLedger ledger = SqliteLedger.Open(Path.Combine(folder, "ledger.db"), TimeProvider.System, create: false))
        {
            await ledger.AppendEventAsync(SeededRun.Run, new NewEvent("said_later", Detail: """{"more": "<b>"}"""));
        }

        (await stream.MoveNextAsync()).ShouldBeTrue();
        stream.Current.EventType.ShouldBe("said_later");

        using HttpResponseMessage resumed = await server.Http.GetAsync("/api/v1/runs/run/events?follow=false", ("Last-Event-ID", seen[2].EventId!));
        List<string> rest = [];
        await foreach (SseItem<string> item in SseParser.Create(await resumed.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            rest.Add(item.EventType);
        }

        rest.ShouldBe(["sample_quarantined", "said_later"]);
    }

    [Fact]
    public async Task A_wrong_place_and_a_missing_run_are_refused()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "run", 1);
        using HttpResponseMessage wrong = await server.Http.GetAsync("/api/v1/runs/run/events", ("Last-Event-ID", "x"));
        (await wrong.ShouldBeProblemAsync(400)).ShouldBe("Last-Event-ID: expected the number of an event, found 'x'");
        using HttpResponseMessage none = await server.Http.GetAsync("/api/v1/runs/none/events");
        await none.ShouldBeProblemAsync(404);
    }

    [Fact]
    public async Task One_caller_may_not_hold_any_number_of_streams()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Rates = new(1000, 1000, Streams: 2) });
        await SeededRun.WriteAsync(server.Root, "run", 1);
        using HttpResponseMessage first = await server.Http.GetAsync("/api/v1/runs/run/events", ("Accept", "text/event-stream")), second = await server.Http.GetAsync("/live", ("Accept", "text/event-stream"));
        ((int)first.StatusCode, (int)second.StatusCode).ShouldBe((200, 200));
        using HttpResponseMessage third = await server.Http.GetAsync("/api/v1/runs/run/events", ("Accept", "text/event-stream"));
        await third.ShouldBeProblemAsync(429);
    }
}
