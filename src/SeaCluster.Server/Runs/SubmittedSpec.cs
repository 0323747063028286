using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Server.Runs;

/// <summary>A spec that came over the network, read and checked.</summary>
internal static class SubmittedSpec
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a body: YAML, or JSON with the same keys. Relative paths are below the root.</summary>
    /// <returns>The spec, or its problems.</returns>
    public static async Task<SpecReading> ReadAsync(ReadOnlyMemory<byte> body, bool json, string root, SpecGuard guard, CancellationToken cancel)
    {
        string text;
        try
        {
            text = json ? FromJson(body) : new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(body.Span);
        }
        catch (DecoderFallbackException)
        {
            return Wrong("expected UTF-8 text, found other bytes");
        }
        catch (JsonException error)
        {
            return new SpecReading(null, [new SpecProblem("", (int)(error.LineNumber ?? 0) + 1, "not valid JSON")]);
        }

        SpecReading reading = SpecReader.Read(text, root);
        if (reading.Spec is not { } spec)
        {
            return reading;
        }

        // Only a spec within its limits may learn whether a file exists.
        IReadOnlyList<SpecProblem> outside = await guard.CheckAsync(spec, cancel);
        return outside.Count > 0 ? new SpecReading(null, outside) : SpecReader.Read(text, root, checkFiles: true);
    }

    private static SpecReading Wrong(string message) => new(null, [new SpecProblem("", 0, message)]);

    // JSON is YAML but for two things: tabs between values, and that YAML's bare words (auto) have quotes here.
    private static string FromJson(ReadOnlyMemory<byte> body)
    {
        using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
        StringBuilder text = new();
        Write(document.RootElement, text);
        return text.ToString();
    }

    private static void Write(JsonElement element, StringBuilder text)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    text.Append(JsonSerializer.Serialize(property.Name, Plain)).Append(": ");
                    Write(property.Value, text);
                    text.Append(", ");
                }

                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Write(item, text);
                    text.Append(", ");
                }

                text.Append(']');
                break;
            case JsonValueKind.String when element.ValueEquals("auto"):
                text.Append("auto");
                break;
            case JsonValueKind.String:
                text.Append(JsonSerializer.Serialize(element.GetString(), Plain));
                break;
            default:
                text.Append(element.GetRawText());
                break;
        }
    }
}
