using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using SeaCluster.Server.Access;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Dashboard;

/// <summary>Tells open pages that what they show changed; they fetch it themselves.</summary>
internal static class LiveEndpoints
{
    private const int PageSize = 50;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private const int Silence = 15;

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapGet("/live", (RunCatalogue catalogue, TimeProvider time, CancellationToken cancel) =>
            TypedResults.ServerSentEvents(ChangesAsync(async () => RunsPage.Of((await RunEndpoints.PageAsync(catalogue, null, PageSize, cancel))!, first: true, "").Main.Text, time, cancel)))
            .WithMetadata(new Streaming());
        pages.MapGet("/runs/{id}/live", (string id, RunCatalogue catalogue, RunCurves curves, TimeProvider time, CancellationToken cancel) => catalogue.Find(id) is { } place
            ? (IResult)TypedResults.ServerSentEvents(ChangesAsync(async () => new RunPages(await catalogue.ViewAsync(place, cancel), curves.Of(place).Read(), null, "").Main().Text, time, cancel))
            : TypedResults.NotFound())
            .WithMetadata(new Streaming());
    }

    private static async IAsyncEnumerable<SseItem<string>> ChangesAsync(Func<Task<string>> shown, TimeProvider time, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[] before = [];
        for (int silent = 0; !cancel.IsCancellationRequested; silent++)
        {
            byte[] now = SHA256.HashData(Encoding.UTF8.GetBytes(await shown()));
            if (!now.AsSpan().SequenceEqual(before))
            {
                (before, silent) = (now, 0);
                yield return new SseItem<string>(Convert.ToHexStringLower(now.AsSpan(0, 8)), "changed");
            }
            else if (silent >= Silence)
            {
                silent = 0;
                yield return new SseItem<string>("", "alive");
            }

            await Task.Delay(Look, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
