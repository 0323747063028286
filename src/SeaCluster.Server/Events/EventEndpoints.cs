using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Server.Access;
using SeaCluster.Server.Requests;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Events;

/// <summary>Something that happened in a run.</summary>
/// <param name="Sequence">Grows; the event's id in the stream.</param>
/// <param name="At">When, by the ledger's clock.</param>
/// <param name="Kind">A short name, such as <c>sample_quarantined</c>.</param>
/// <param name="Stage">The stage it concerns, or null.</param>
/// <param name="Sample">The sample it concerns, or null.</param>
/// <param name="Detail">More, or null.</param>
public sealed record EventDocument(long Sequence, DateTimeOffset At, string Kind, string? Stage, string? Sample, JsonNode? Detail)
{
    internal static EventDocument Of(EventRow row) => new(row.Sequence, row.At, row.Kind, row.Stage, row.Sample, row.Detail is null ? null : JsonNode.Parse(row.Detail));
}

/// <summary><c>/api/v1/runs/{id}/events</c>: server-sent events, which a client that was cut off takes up where it was.</summary>
internal static class EventEndpoints
{
    private const int PageSize = 500;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    // Proxies close a stream that says nothing.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/runs/{id}/events", Stream).WithName("StreamEvents").WithSummary("What happens in a run, as server-sent events").WithTags("events")
            .WithDescription("Each event's id is its sequence number; a client sends the last one it saw as Last-Event-ID and gets what came after it. follow=false ends the stream where nothing more has happened yet.")
            .Produces<EventDocument>(contentType: "text/event-stream").ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .WithMetadata(new Streaming());

    private static IResult Stream(string id, HttpContext context, RunCatalogue catalogue, TimeProvider time, CancellationToken cancel, long after = 0, bool follow = true)
    {
        if (catalogue.Find(id) is not { } place)
        {
            return Problems.NoRun(id);
        }

        if (context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last && !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, $"Last-Event-ID: expected the number of an event, found '{last}'");
        }

        return TypedResults.ServerSentEvents(EventsAsync(place, catalogue, time, after, follow, cancel));
    }

    private static async IAsyncEnumerable<SseItem<object>> EventsAsync(RunPlace place, RunCatalogue catalogue, TimeProvider time, long after, bool follow, [EnumeratorCancellation] CancellationToken cancel)
    {
        long said = time.GetTimestamp();
        while (!cancel.IsCancellationRequested)
        {
            IReadOnlyList<EventRow> page = await catalogue.AskAsync(place, (ledger, run) => ledger.EventsAsync(run.Id, after, PageSize, cancel), cancel) ?? [];
            foreach (EventRow row in page)
            {
                after = row.Sequence;
                yield return new SseItem<object>(EventDocument.Of(row), row.Kind) { EventId = row.Sequence.ToString(CultureInfo.InvariantCulture) };
            }

            if (page.Count > 0)
            {
                said = time.GetTimestamp();
                continue;
            }

            if (!follow)
            {
                yield break;
            }

            if (time.GetElapsedTime(said) >= Silence)
            {
                said = time.GetTimestamp();
                yield return new SseItem<object>(new { }, "alive");
            }

            await Task.Delay(Look, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
