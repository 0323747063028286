using System.ClientModel.Primitives;
using System.Globalization;

namespace SeaCluster.Method.Endpoints;

/// <summary>The Retry-After header (RFC 9110, section 10.2.3): seconds or a date.</summary>
internal static class RetryAfter
{
    /// <summary>The wait that the header asks for; null where it is absent, unreadable or over.</summary>
    public static TimeSpan? Read(PipelineResponseHeaders? headers, DateTimeOffset now)
    {
        if (headers is null || !headers.TryGetValue("Retry-After", out string? value))
        {
            return null;
        }

        TimeSpan? wait = double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds < 1e9
            ? TimeSpan.FromSeconds(seconds)
            : DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) ? date - now : null;
        return wait > TimeSpan.Zero ? wait : null;
    }
}
