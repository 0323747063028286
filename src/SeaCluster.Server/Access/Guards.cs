using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Logging;
using SeaCluster.Models;
using SeaCluster.Server.Requests;

namespace SeaCluster.Server.Access;

/// <summary>How much one caller may ask.</summary>
/// <param name="Reads">Requests a minute that only read.</param>
/// <param name="Writes">Requests a minute that change something.</param>
/// <param name="Streams">Event streams open at once.</param>
public sealed record RateLimits(int Reads = 1200, int Writes = 60, int Streams = 32);

/// <summary>Marks an endpoint whose answer does not end by itself.</summary>
internal sealed record Streaming;

/// <summary>What every request passes before its endpoint.</summary>
internal static class Guards
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Without tokens whoever is on this machine may do everything, and a web page in their browser must not pass for them: a name of somebody else's that leads here (DNS rebinding) is refused by its Host,
    /// and a proxy that lets others in by what it adds. A browser's request that changes something must come from a page of this server, whatever else it shows.
    /// </summary>
    public static void UseOriginGuard(this WebApplication app, AccessRules rules) => app.Use(async (context, next) =>
    {
        HttpRequest request = context.Request;
        string? wrong = null;
        if (rules.IsOpen && !AccessRules.IsLoopbackHost(request.Host.Value ?? ""))
        {
            wrong = $"without tokens this server answers to localhost only, not to '{request.Host}'; 'sea token create' makes a token";
        }
        else if (rules.IsOpen && (request.Headers.ContainsKey("Forwarded") || request.Headers.ContainsKey("X-Forwarded-For")))
        {
            wrong = "a proxy lets others reach this server, which has no tokens; 'sea token create' makes one";
        }
        else if (!IsSafe(request.Method) && request.Headers.Origin.ToString() is { Length: > 0 } origin && !origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
        {
            wrong = $"a page of {origin} may change nothing here";
        }

        if (wrong is null)
        {
            await next(context);
            return;
        }

        await Problems.Of(StatusCodes.Status403Forbidden, wrong).ExecuteAsync(context);
    });

    /// <summary>Writes down every request that changes something, shows what is guarded, or was refused.</summary>
    public static void UseAudit(this WebApplication app, AuditLog log, TimeProvider time, ILogger logger) => app.Use(async (context, next) =>
    {
        await next(context);
        bool refused = context.Response.StatusCode is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden;
        if (!IsSafe(context.Request.Method) || refused || context.GetEndpoint()?.Metadata.GetMetadata<Audited>() is not null)
        {
            Caller who = Caller.Of(context);
            try
            {
                log.Write(new AuditEntry(
                    time.GetUtcNow(),
                    who.Id == who.Name || who.Id.Length == 0 ? who.Name : $"{who.Id} {who.Name}",
                    $"{context.Request.Method} {context.Request.Path}",
                    context.Connection.RemoteIpAddress?.ToString() ?? "local socket",
                    context.Response.StatusCode.ToString(CultureInfo.InvariantCulture)));
            }
            catch (SeaException error)
            {
                logger.LogError("{Reason}", error.Message);
            }
        }
    });

    /// <summary>So much for each token, and for each address that shows none.</summary>
    public static void Add(RateLimiterOptions options, RateLimits limits)
    {
        options.GlobalLimiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, string>(context => IsSafe(context.Request.Method)
                ? RateLimitPartition.GetSlidingWindowLimiter($"read {Who(context)}", _ => Sliding(limits.Reads))
                : RateLimitPartition.GetSlidingWindowLimiter($"write {Who(context)}", _ => Sliding(limits.Writes))),
            PartitionedRateLimiter.Create<HttpContext, string>(context => context.GetEndpoint()?.Metadata.GetMetadata<Streaming>() is null
                ? RateLimitPartition.GetNoLimiter("")
                : RateLimitPartition.GetConcurrencyLimiter(Who(context), _ => new ConcurrencyLimiterOptions { PermitLimit = limits.Streams, QueueLimit = 0 })));
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = async (rejected, cancel) =>
        {
            TimeSpan wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan given) ? given : TimeSpan.FromSeconds(10);
            rejected.HttpContext.Response.Headers.RetryAfter = Math.Ceiling(Math.Max(1, wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            await Problems.WriteAsync(rejected.HttpContext, StatusCodes.Status429TooManyRequests);
        };
    }

    private static SlidingWindowRateLimiterOptions Sliding(int permits) => new() { PermitLimit = permits, Window = Window, SegmentsPerWindow = 6, QueueLimit = 0 };

    private static string Who(HttpContext context) => Caller.Of(context) is { Id.Length: > 0 } caller ? caller.Id : context.Connection.RemoteIpAddress?.ToString() ?? "local socket";

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method);
}
