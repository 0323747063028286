using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using SeaCluster.Runs;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Server.Access;
using SeaCluster.Server.Requests;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Artifacts;

/// <summary>An artifact of a run.</summary>
/// <param name="Name">Its path in the run folder.</param>
/// <param name="Stage">The stage that made it.</param>
/// <param name="Sample">The sample that it is the result of; null where it is the stage's own.</param>
/// <param name="Hash">sha256, 64 hex digits: the ETag of its download.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Href">Where it is downloaded.</param>
public sealed record ArtifactDocument(string Name, string Stage, string? Sample, string Hash, long Bytes, string Href);

/// <summary>A page of artifacts: those of stages by name, then those of samples in the run's order.</summary>
/// <param name="Artifacts">The artifacts.</param>
/// <param name="Next">The cursor of the next page; null where this is the last.</param>
public sealed record ArtifactPage(IReadOnlyList<ArtifactDocument> Artifacts, string? Next);

/// <summary><c>/api/v1/runs/{id}/artifacts</c>.</summary>
internal static class ArtifactEndpoints
{
    private const int DefaultPage = 100;
    private const int LargestPage = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/runs/{id}/artifacts", ListAsync).WithName("ListArtifacts").WithSummary("What a run made").WithTags("artifacts")
            .Produces<ArtifactPage>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/runs/{id}/artifacts/{**name}", GetAsync).WithName("GetArtifact").WithSummary("A stage's file; takes ranges").WithTags("artifacts")
            .WithDescription("Files of prepare and evaluate hold harmful text: they need a token of scope admin. The ETag is the content's sha256.")
            .Produces<Stream>(StatusCodes.Status200OK, Download.ContentType).Produces<Stream>(StatusCodes.Status206PartialContent, Download.ContentType).Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status410Gone).Produces(StatusCodes.Status416RangeNotSatisfiable)
            .WithMetadata(new Audited());
        api.MapGet("/runs/{id}/report", ReportAsync).WithName("GetReport").WithSummary("The report, one HTML page").WithTags("artifacts")
            .Produces<Stream>(StatusCodes.Status200OK, Download.ContentType).Produces<Stream>(StatusCodes.Status206PartialContent, Download.ContentType).Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status410Gone).Produces(StatusCodes.Status416RangeNotSatisfiable);
    }

    private static async Task<IResult> ListAsync(string id, RunCatalogue catalogue, CancellationToken cancel, string? cursor = null, int limit = DefaultPage)
    {
        if (catalogue.Find(id) is not { } place)
        {
            return Problems.NoRun(id);
        }

        // Samples have their files in the order of the stages and of the run; the page before ended at one of them, or within the stages' own files.
        (int stage, long after, string? name) = (0, -1L, null as string);
        if (cursor is not null && !Understood(Cursor.Read(cursor), out stage, out after, out name))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "cursor: is none that this server gave");
        }

        if (limit is < 1 or > LargestPage)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, $"limit: expected 1 to {LargestPage}, found {limit}");
        }

        string address = $"/api/v1/runs/{Uri.EscapeDataString(id)}";
        ArtifactPage? page = await catalogue.AskAsync(
            place,
            async (ledger, run) =>
            {
                List<(ArtifactDocument Artifact, string End)> found = [];
                if (cursor is null || name is not null)
                {
                    found.AddRange((await ledger.StageFilesAsync(run.Id, cancel)).Where(row => string.CompareOrdinal(row.Name, name) > 0).Select(row => (
                        new ArtifactDocument(row.Name, row.Stage, null, row.Hash, row.Bytes, $"{address}/artifacts/{string.Join('/', row.Name.Split('/').Select(Uri.EscapeDataString))}"),
                        $"file {row.Name}")));
                }

                for (; stage < StageNames.All.Count && found.Count <= limit; stage++, after = -1)
                {
                    string text = StageNames.All[stage].Text();
                    IReadOnlyList<SampleRow> rows = await ledger.SamplesAsync(run.Id, text, new SampleQuery(SampleState.Done, after, limit + 1 - found.Count), cancel);
                    found.AddRange(rows.Where(row => row.Artifact is not null).Select(row => (
                        new ArtifactDocument(row.Artifact!.Name, text, row.Id, row.Artifact.Hash, row.Artifact.Bytes, $"{address}/samples/{text}/{Uri.EscapeDataString(row.Id)}/artifact"),
                        string.Create(CultureInfo.InvariantCulture, $"sample {stage} {row.Ordinal}"))));
                }

                return new ArtifactPage([.. found.Take(limit).Select(each => each.Artifact)], found.Count > limit ? Cursor.Of(found[limit - 1].End) : null);
            },
            cancel);
        return TypedResults.Json(page ?? new ArtifactPage([], null), ServerJson.Options);
    }

    private static async Task<IResult> GetAsync(string id, string name, HttpContext context, RunCatalogue catalogue, VerifiedFiles files, CancellationToken cancel)
    {
        if (catalogue.Find(id) is not { } place)
        {
            return Problems.NoRun(id);
        }

        if (await FindAsync(catalogue, place, name, cancel) is not { } found)
        {
            return Problems.Of(StatusCodes.Status404NotFound, $"the run '{id}' has recorded no file '{name}'", "GET .../artifacts lists what there is; a sample's result is at .../samples/{stage}/{sample}/artifact");
        }

        if (HoldsHarmfulText(found) && Caller.Of(context).Scope < TokenScope.Admin)
        {
            return Problems.Of(StatusCodes.Status403Forbidden, $"{name} holds harmful text: it needs a token of scope admin");
        }

        return await Download.OfAsync(files, place.Folder, new StoredFile(found.Name, found.Hash, found.Bytes), cancel);
    }

    private static async Task<IResult> ReportAsync(string id, RunCatalogue catalogue, VerifiedFiles files, CancellationToken cancel)
    {
        if (catalogue.Find(id) is not { } place)
        {
            return Problems.NoRun(id);
        }

        return await FindAsync(catalogue, place, Path.GetFileName(place.Folder.Report), cancel) is { } found
            ? await Download.OfAsync(files, place.Folder, new StoredFile(found.Name, found.Hash, found.Bytes), cancel)
            : Problems.Of(StatusCodes.Status404NotFound, $"the run '{id}' has no report yet", "it is written at the run's end");
    }

    internal static Task<ArtifactRow?> FindAsync(RunCatalogue catalogue, RunPlace place, string name, CancellationToken cancel) =>
        catalogue.AskAsync(place, async (ledger, run) => (await ledger.StageFilesAsync(run.Id, cancel)).FirstOrDefault(row => row.Name == name), cancel);

    private static bool HoldsHarmfulText(ArtifactRow file) => file.Stage == StageName.Prepare.Text() || file.Stage == StageName.Evaluate.Text();

    private static bool Understood(string? place, out int stage, out long after, out string? name)
    {
        (stage, after, name) = (0, -1, null);
        if (place?.StartsWith("file ", StringComparison.Ordinal) == true)
        {
            name = place["file ".Length..];
            return true;
        }

        return place?.Split(' ') is ["sample", var number, var ordinal] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out stage)
            && long.TryParse(ordinal, NumberStyles.None, CultureInfo.InvariantCulture, out after);
    }
}
