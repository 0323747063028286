using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace SeaCluster.Server.Requests;

/// <summary>The answer to a request that changes something, as it can be kept and given again.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">JSON.</param>
/// <param name="Location">Where the thing is that was made, or null.</param>
internal sealed record Answer(int Status, string Body, string? Location = null) : IResult
{
    public static Answer Of<T>(int status, T value, string? location = null) => new(status, JsonSerializer.Serialize(value, ServerJson.Options), location);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        if (Location is not null)
        {
            httpContext.Response.Headers.Location = Location;
        }

        httpContext.Response.ContentType = "application/json; charset=utf-8";
        return httpContext.Response.WriteAsync(Body, httpContext.RequestAborted);
    }
}
