using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Telemetry.Health;

/// <summary>A health endpoint's answer: 200 or 503, and why.</summary>
internal static class HealthReport
{
    // People read it with curl: an apostrophe is one.
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task WriteAsync(HttpContext context, IReadOnlyList<HealthCheck> checks)
    {
        bool ok = checks.All(check => check.Ok);
        context.Response.StatusCode = ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(new { status = ok ? "ok" : "failing", checks }, s_json, context.RequestAborted);
    }
}
