using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SeaCluster.Runs.Ledgers;

/// <summary>An event's details as JSON.</summary>
public static class EventDetail
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One object of the given names and values.</summary>
    public static string Of(string name, JsonNode? value, string? secondName = null, JsonNode? second = null)
    {
        JsonObject detail = new() { [name] = value };
        if (secondName is not null)
        {
            detail[secondName] = second;
        }

        return detail.ToJsonString(Readable);
    }
}
