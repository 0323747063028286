using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using SeaCluster.Runs.Specs;
using SeaCluster.Server.Access;
using SeaCluster.Server.Requests;

namespace SeaCluster.Server.Runs;

/// <summary><c>/api/v1/runs</c>.</summary>
internal static class RunEndpoints
{
    private const int DefaultPage = 50;
    private const int LargestPage = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/runs", ListAsync).WithName("ListRuns").WithSummary("Runs, newest first").WithTags("runs")
            .Produces<RunPage>().ProducesProblem(StatusCodes.Status400BadRequest);
        api.MapPost("/runs", CreateAsync).WithName("CreateRun").WithSummary("Submit a run: the body is a run spec").WithTags("runs")
            .WithDescription("Relative paths are below the server's root. The run waits for its turn; the answer names its address.")
            .Accepts<JsonObject>("application/json", "application/yaml", "application/x-yaml", "text/yaml")
            .Produces<RunDocument>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType).ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .WithMetadata(new TakesIdempotencyKey()).RequireAuthorization(Policies.Run);
        api.MapGet("/runs/{id}", GetAsync).WithName("GetRun").WithSummary("Where a run stands").WithTags("runs")
            .Produces<RunDocument>().ProducesProblem(StatusCodes.Status404NotFound);
        api.MapPost("/runs/{id}/cancel", CancelAsync).WithName("CancelRun").WithSummary("Stop a run, in a state from which a retry goes on").WithTags("runs")
            .Produces<RunDocument>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .WithMetadata(new TakesIdempotencyKey()).RequireAuthorization(Policies.Run);
        api.MapPost("/runs/{id}/retry", RetryAsync).WithName("RetryRun").WithSummary("Put quarantined samples and failed judgements back and go on").WithTags("runs")
            .Accepts<RetryDocument>(isOptional: true, "application/json")
            .Produces<RunDocument>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity).ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .WithMetadata(new TakesIdempotencyKey()).RequireAuthorization(Policies.Run);
    }

    /// <summary>A page of runs; null where the cursor is none of ours.</summary>
    internal static async Task<RunPage?> PageAsync(RunCatalogue catalogue, string? cursor, int limit, CancellationToken cancel)
    {
        (DateTimeOffset, string)? before = null;
        if (cursor is not null)
        {
            if (Cursor.Read(cursor)?.Split(' ', 2) is not [string ticks, string id] || !long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out long at) || at > DateTimeOffset.MaxValue.Ticks)
            {
                return null;
            }

            before = (new DateTimeOffset(at, TimeSpan.Zero), id);
        }

        IReadOnlyList<RunView> page = await catalogue.PageAsync(before, limit + 1, cancel);
        RunView[] shown = [.. page.Take(limit)];
        return new RunPage(
            [.. shown.Select(RunSummary.Of)], page.Count > limit ? Cursor.Of(string.Create(CultureInfo.InvariantCulture, $"{shown[^1].Since.UtcTicks} {shown[^1].Place.Id}")) : null);
    }

    private static async Task<IResult> ListAsync(RunCatalogue catalogue, CancellationToken cancel, string? cursor = null, int limit = DefaultPage)
    {
        if (limit is < 1 or > LargestPage)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, $"limit: expected 1 to {LargestPage}, found {limit}");
        }

        return await PageAsync(catalogue, cursor, limit, cancel) is { } page
            ? TypedResults.Json(page, ServerJson.Options)
            : Problems.Of(StatusCodes.Status400BadRequest, "cursor: is none that this server gave", "leave it out for the first page");
    }

    private static async Task<IResult> GetAsync(string id, RunCatalogue catalogue, CancellationToken cancel) =>
        catalogue.Find(id) is { } place ? TypedResults.Json(RunDocument.Of(await catalogue.ViewAsync(place, cancel)), ServerJson.Options) : Problems.NoRun(id);

    private static async Task<IResult> CreateAsync(HttpContext context, RunCatalogue catalogue, RunDesk desk, SpecGuard guard, IdempotencyStore once, CancellationToken cancel)
    {
        byte[] body = await BodyAsync(context);
        return await once.OnceAsync(context, body, async key =>
        {
            SpecReading reading = await SubmittedSpec.ReadAsync(body, context.Request.HasJsonContentType(), catalogue.Root, guard, cancel);
            if (reading.Spec is not { } spec)
            {
                return Problems.Spec(reading.Problems);
            }

            RunPlace place = await desk.SubmitAsync(spec, key, Caller.Of(context).Name, cancel);
            return Answer.Of(StatusCodes.Status202Accepted, RunDocument.Of(await catalogue.ViewAsync(place, cancel)), $"{context.Request.PathBase}/api/v1/runs/{Uri.EscapeDataString(place.Id)}");
        });
    }

    private static async Task<IResult> CancelAsync(string id, HttpContext context, RunCatalogue catalogue, RunDesk desk, IdempotencyStore once, CancellationToken cancel) =>
        await once.OnceAsync(context, default, _ => AnsweredAsync(id, catalogue, place => desk.CancelAsync(place, cancel), cancel));

    private static async Task<IResult> RetryAsync(string id, HttpContext context, RunCatalogue catalogue, RunDesk desk, IdempotencyStore once, CancellationToken cancel)
    {
        byte[] body = await BodyAsync(context);
        RetryDocument? asked = null;
        try
        {
            asked = body.Length == 0 ? null : JsonSerializer.Deserialize<RetryDocument>(body, ServerJson.Options);
        }
        catch (JsonException)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "the body is not what is expected: {\"samples\": [\"ID\", ...]}, or nothing");
        }

        return await once.OnceAsync(context, body, _ => AnsweredAsync(id, catalogue, place => desk.RetryAsync(place, asked?.Samples, Caller.Of(context).Name, cancel), cancel));
    }

    private static async Task<IResult> AnsweredAsync(string id, RunCatalogue catalogue, Func<RunPlace, Task<Refusal?>> order, CancellationToken cancel)
    {
        if (catalogue.Find(id) is not { } place)
        {
            return Problems.NoRun(id);
        }

        return await order(place) is { } refused
            ? Problems.Of(refused.Status, refused.Reason, refused.Hint)
            : Answer.Of(StatusCodes.Status202Accepted, RunDocument.Of(await catalogue.ViewAsync(place, cancel)));
    }

    private static async Task<byte[]> BodyAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }
}
