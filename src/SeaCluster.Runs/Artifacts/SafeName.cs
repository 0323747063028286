using System.Security.Cryptography;
using System.Text;

namespace SeaCluster.Runs.Artifacts;

/// <summary>File names for ids that may be any text.</summary>
public static class SafeName
{
    private const int Longest = 80;

    /// <summary>
    /// The id itself where it is short and made of letters, digits, dot, dash and underscore; else as much of it as is, with a hash of the
    /// whole. Never hidden, never a path, never a device name.
    /// </summary>
    public static string Of(string id)
    {
        string cleaned = new([.. id.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_')]);
        if (cleaned == id && id.Length is > 0 and <= Longest && id[0] is not ('.' or '-') && id[^1] != '.')
        {
            return id;
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..12];
        string kept = cleaned.Trim('.', '_', '-');
        return kept.Length == 0 ? $"x-{hash}" : $"{kept[..Math.Min(kept.Length, Longest - 13)]}-{hash}";
    }

    /// <summary>Whether a path below a store's root stays there.</summary>
    public static bool IsBelowRoot(string name) =>
        name.Length > 0 && !Path.IsPathRooted(name) && !name.Contains('\\', StringComparison.Ordinal) && !name.Contains('\0', StringComparison.Ordinal)
        && name.Split('/').All(part => part.Length > 0 && part is not ("." or ".."));
}
