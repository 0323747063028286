using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace SeaCluster.Server.Access;

/// <summary>
/// Browsers that gave a token once: what they keep is a random word that stands for the token, not the token. Sessions are in memory, so a restart asks for the token again; a revoked or expired
/// token ends its sessions at once, since every request asks for it anew.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class Sessions(TimeProvider time)
{
    public const string Cookie = "sea_session";
    private const int MostKept = 10_000;

    /// <summary>How long a session lasts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly ConcurrentDictionary<string, (string Token, DateTimeOffset Ends)> _open = new(StringComparer.Ordinal);

    /// <summary>Begins one.</summary>
    /// <param name="token">The token's id.</param>
    /// <returns>The word for the browser.</returns>
    public string Begin(string token)
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach ((string key, (string Token, DateTimeOffset Ends) session) in _open.Where(each => _open.Count >= MostKept || each.Value.Ends <= now))
        {
            _open.TryRemove(key, out _);
        }

        string word = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        _open[Key(word)] = (token, now + Lifetime);
        return word;
    }

    /// <summary>The token's id that a session stands for; null where it ended.</summary>
    public string? Find(string word) => _open.TryGetValue(Key(word), out (string Token, DateTimeOffset Ends) session) && time.GetUtcNow() < session.Ends ? session.Token : null;

    /// <summary>Ends one.</summary>
    public void End(string word) => _open.TryRemove(Key(word), out _);

    private static string Key(string word) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(word)));
}
