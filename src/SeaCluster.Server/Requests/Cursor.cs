using System.Buffers.Text;
using System.Text;

namespace SeaCluster.Server.Requests;

/// <summary>Where a page ended, as a word without meaning for who pages.</summary>
internal static class Cursor
{
    public static string Of(string place) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(place));

    /// <summary>The place; null where the word is none of ours.</summary>
    public static string? Read(string? cursor)
    {
        if (cursor is not { Length: > 0 and <= 1024 } || !Base64Url.IsValid(cursor))
        {
            return null;
        }

        return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
    }
}
