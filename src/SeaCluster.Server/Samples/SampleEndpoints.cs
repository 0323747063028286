using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using SeaCluster.Runs;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Server.Access;
using SeaCluster.Server.Artifacts;
using SeaCluster.Server.Requests;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Samples;

/// <summary><c>/api/v1/runs/{id}/samples</c>.</summary>
internal static class SampleEndpoints
{
    private const int DefaultPage = 100;
    private const int LargestPage = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/runs/{id}/samples", ListAsync).WithName("ListSamples").WithSummary("Samples of a stage, in the run's order").WithTags("samples")
            .Produces<SamplePage>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/runs/{id}/samples/{stage}/{sample}", GetAsync).WithName("GetSample").WithSummary("One sample").WithTags("samples")
            .Produces<SampleDocument>().ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/runs/{id}/samples/{stage}/{sample}/artifact", ArtifactAsync).WithName("GetSampleArtifact").WithSummary("A sample's result; takes ranges").WithTags("samples")
            .Produces<Stream>(StatusCodes.Status200OK, Download.ContentType).Produces<Stream>(StatusCodes.Status206PartialContent, Download.ContentType).Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status410Gone).Produces(StatusCodes.Status416RangeNotSatisfiable);
        api.MapGet("/runs/{id}/samples/{stage}/{sample}/input", InputAsync).WithName("GetSampleInput").WithSummary("The text that a sample is made from, which may be harmful; recorded in the audit log").WithTags("samples")
            .Produces<SampleInput>().ProducesProblem(StatusCodes.Status404NotFound)
            .WithMetadata(new Audited()).RequireAuthorization(Policies.Admin);
    }

    private static async Task<IResult> ListAsync(string id, RunCatalogue catalogue, CancellationToken cancel, string stage = "synthesize", string? state = null, string? cursor = null, int limit = DefaultPage)
    {
        if (catalogue.Find(id) is not { } place)
        {
            return Problems.NoRun(id);
        }

        long after = -1;
        if (StageNames.Parse(stage) is null)
        {
            return Wrong($"stage: expected one of {string.Join(", ", StageNames.All.Select(StageNames.Text))}, found '{stage}'");
        }

        if (state is not null && !Enum.GetNames<SampleState>().Contains(state, StringComparer.OrdinalIgnoreCase))
        {
            return Wrong($"state: expected one of {string.Join(", ", Enum.GetNames<SampleState>()).ToLowerInvariant()}, found '{state}'");
        }

        if (cursor is not null && !(long.TryParse(Cursor.Read(cursor), NumberStyles.None, CultureInfo.InvariantCulture, out after)))
        {
            return Wrong("cursor: is none that this server gave");
        }

        if (limit is < 1 or > LargestPage)
        {
            return Wrong($"limit: expected 1 to {LargestPage}, found {limit}");
        }

        SampleState? only = state is null ? null : Enum.Parse<SampleState>(state, ignoreCase: true);
        IReadOnlyList<SampleRow> rows = await catalogue.AskAsync(place, (ledger, run) => ledger.SamplesAsync(run.Id, stage, new SampleQuery(only, after, limit + 1), cancel), cancel) ?? [];
        SampleRow[] shown = [.. rows.Take(limit)];
        return TypedResults.Json(
            new SamplePage([.. shown.Select(row => SampleDocument.Of(stage, row))], rows.Count > limit ? Cursor.Of(shown[^1].Ordinal.ToString(CultureInfo.InvariantCulture)) : null), ServerJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, string stage, string sample, RunCatalogue catalogue, CancellationToken cancel) =>
        await FindAsync(id, stage, sample, catalogue, cancel) is { } row ? TypedResults.Json(SampleDocument.Of(stage, row), ServerJson.Options) : None(id, stage, sample);

    private static async Task<IResult> InputAsync(string id, string stage, string sample, RunCatalogue catalogue, CancellationToken cancel) =>
        await FindAsync(id, stage, sample, catalogue, cancel) is { } row ? TypedResults.Json(new SampleInput(JsonNode.Parse(row.Input)), ServerJson.Options) : None(id, stage, sample);

    private static async Task<IResult> ArtifactAsync(string id, string stage, string sample, RunCatalogue catalogue, VerifiedFiles files, CancellationToken cancel) =>
        await FindAsync(id, stage, sample, catalogue, cancel) is { Artifact: { } stored } ? await Download.OfAsync(files, catalogue.Find(id)!.Folder, stored, cancel) : None(id, stage, sample);

    private static async Task<SampleRow?> FindAsync(string id, string stage, string sample, RunCatalogue catalogue, CancellationToken cancel) =>
        catalogue.Find(id) is { } place && StageNames.Parse(stage) is not null
            ? await catalogue.AskAsync(place, (ledger, run) => ledger.SampleAsync(run.Id, stage, Plain(sample), cancel), cancel)
            : null;

    private static IResult None(string id, string stage, string sample) => Problems.Of(StatusCodes.Status404NotFound, $"there is no such sample, or nothing came of it yet: '{Plain(sample)}' in {stage} of run '{id}'");

    // A slash in a path's part stays as it came.
    private static string Plain(string part) => part.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static IResult Wrong(string detail) => Problems.Of(StatusCodes.Status400BadRequest, detail);
}
