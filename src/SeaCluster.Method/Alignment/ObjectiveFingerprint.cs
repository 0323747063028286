using System.Security.Cryptography;
using System.Text;
using SeaCluster.Models.Prompts;

namespace SeaCluster.Method.Alignment;

/// <summary>A hash over what an objective trains on.</summary>
internal static class ObjectiveFingerprint
{
    // An order is told apart by its first steps.
    private const int Steps = 8;

    public static string Of(
        string objective, string settings, IEnumerable<(string Id, string? Medium, EncodedPrompt Prompt)> rows, Func<int, IReadOnlyList<int>> order)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add($"{objective}\n{settings}\n");
        foreach ((string id, string? medium, EncodedPrompt prompt) in rows)
        {
            Add($"{id}\n{medium}\n{string.Join(',', prompt.MediaSpans)}\n{string.Join(',', prompt.Ids)}\n{string.Join(',', prompt.Labels)}\n");
        }

        for (int step = 0; step < Steps; step++)
        {
            Add($"{string.Join(',', order(step))}\n");
        }

        return $"{objective}-{Convert.ToHexStringLower(hash.GetHashAndReset())[..16]}";

        void Add(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
    }
}
