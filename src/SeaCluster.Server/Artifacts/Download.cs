using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Server.Requests;

namespace SeaCluster.Server.Artifacts;

/// <summary>An artifact as an answer: whole or in ranges, its content's hash as ETag, and never shown by a browser as a page of this server.</summary>
internal static class Download
{
    public const string ContentType = "application/octet-stream";

    public static async Task<IResult> OfAsync(VerifiedFiles files, RunFolder folder, StoredFile stored, CancellationToken cancel) =>
        await files.OpenAsync(folder, stored, cancel) is { } file
            ? TypedResults.File(file, ContentType, Path.GetFileName(stored.Name), entityTag: new EntityTagHeaderValue($"\"{stored.Hash}\""), enableRangeProcessing: true)
            : Problems.Of(StatusCodes.Status410Gone, $"{stored.Name}: the file is missing, or is not what was written (sha256 {stored.Hash})", "running the run again makes it anew");
}
