using System.Security.Cryptography;
using System.Text.Json;
using SeaCluster.Models;

namespace SeaCluster.Method.Endpoints;

/// <summary>Replies on the disk, one file each, named by the hash of model and request. A damaged file counts as absent.</summary>
internal sealed class ReplyCache(string? folder, string model)
{
    public Entry? Find(ChatRequest request)
    {
        if (folder is null || PathOf(request) is var path && !File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<Entry>(File.ReadAllBytes(path)) is { Text: not null } entry ? entry : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Keep(ChatRequest request, string text, string? reportedModel)
    {
        if (folder is not null)
        {
            AtomicFile.Write(PathOf(request), stream => JsonSerializer.Serialize(stream, new Entry(text, reportedModel)));
        }
    }

    private string PathOf(ChatRequest request)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { model, request })));
        return Path.Combine(folder!, hash[..2], $"{hash}.json");
    }

    internal sealed record Entry(string Text, string? Model);
}
