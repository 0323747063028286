using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SeaCluster.Runs.Telemetry;

/// <summary>A log line for programs: one JSON object with time, level, message and, inside a trace, its ids.</summary>
public static class LogLine
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The line, without its end.</summary>
    /// <param name="at">When.</param>
    /// <param name="level">debug, info, warning, error.</param>
    /// <param name="category">Which part of the program.</param>
    /// <param name="message">What happened.</param>
    /// <param name="error">What was thrown, or null.</param>
    public static string Json(DateTimeOffset at, string level, string category, string message, Exception? error = null)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes, s_options))
        {
            json.WriteStartObject();
            json.WriteString("timestamp", at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("level", level);
            json.WriteString("category", category);
            json.WriteString("message", message);
            if (error is not null)
            {
                json.WriteString("error", error.ToString());
            }

            if (Activity.Current is { } activity)
            {
                json.WriteString("trace_id", activity.TraceId.ToHexString());
                json.WriteString("span_id", activity.SpanId.ToHexString());
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
