using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SeaCluster.Models;

namespace SeaCluster.Server.Access;

/// <summary>A token as it is kept: without what proves it.</summary>
/// <param name="Id">Its public part.</param>
/// <param name="Name">Whose it is, for people.</param>
/// <param name="Scope">What it allows.</param>
/// <param name="Hash">sha256 of the secret part, 64 hex digits.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">When it ends; null is never.</param>
public sealed record AccessToken(string Id, string Name, TokenScope Scope, string Hash, DateTimeOffset Created, DateTimeOffset? Expires);

/// <summary>
/// The tokens of a server, in a file of its root that only its owner may read. Of a token only the SHA-256 of its secret is kept: the secret is 32 random bytes, so there is nothing to guess that
/// a slow hash would protect, and every request can be checked without one.
/// </summary>
/// <param name="path">The file; it need not exist.</param>
/// <param name="time">The clock.</param>
public sealed class TokenFile(string path, TimeProvider time)
{
    private const string Prefix = "sea";
    private const int SecretBytes = 32;
    private static readonly JsonSerializerOptions Json = new(ServerJson.Options) { WriteIndented = true };
    private static readonly byte[] Nothing = new byte[SHA256.HashSizeInBytes];

    private readonly Lock _gate = new();
    private (DateTime Written, long Length) _read;
    private IReadOnlyList<AccessToken> _tokens = [];

    /// <summary>The tokens of the server at a root.</summary>
    public static TokenFile Of(string root, TimeProvider time) => new(ServerFolder.At(root, "tokens.json"), time);

    /// <summary>Every token that was made and not revoked, expired ones too. Changes of the file are seen at once.</summary>
    /// <exception cref="SeaException">The file cannot be read.</exception>
    public IReadOnlyList<AccessToken> All
    {
        get
        {
            FileInfo file = new(path);
            (DateTime, long) now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
            lock (_gate)
            {
                if (now != _read)
                {
                    _tokens = file.Exists ? Read() : [];
                    _read = now;
                }

                return _tokens;
            }
        }
    }

    /// <summary>Makes a token.</summary>
    /// <param name="name">Whose it is.</param>
    /// <param name="scope">What it allows.</param>
    /// <param name="lifetime">How long; null is for ever.</param>
    /// <returns>What is kept, and the token itself, which nothing can show again.</returns>
    public (AccessToken Kept, string Token) Create(string name, TokenScope scope, TimeSpan? lifetime)
    {
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)), secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        DateTimeOffset now = time.GetUtcNow();
        AccessToken token = new(id, name, scope, Convert.ToHexStringLower(Hash(secret)), now, lifetime is { } so ? now + so : null);
        Change(tokens => [.. tokens, token]);
        return (token, $"{Prefix}_{id}_{secret}");
    }

    /// <summary>Ends a token at once; false where there is none of that id.</summary>
    public bool Revoke(string id)
    {
        bool found = false;
        Change(tokens =>
        {
            found = tokens.Any(token => token.Id == id);
            return [.. tokens.Where(token => token.Id != id)];
        });
        return found;
    }

    /// <summary>The token that somebody shows; null where it is wrong, revoked or expired. Takes the same time whichever of these it is.</summary>
    public AccessToken? Check(string shown)
    {
        string[] parts = shown.Split('_', 3);
        bool formed = parts.Length == 3 && parts[0] == Prefix;
        AccessToken? token = formed ? All.FirstOrDefault(each => each.Id == parts[1]) : null;
        bool right = CryptographicOperations.FixedTimeEquals(Hash(formed ? parts[2] : shown), token is null ? Nothing : Convert.FromHexString(token.Hash));
        return right && token is not null && IsValid(token) ? token : null;
    }

    /// <summary>Whether a token has not expired.</summary>
    public bool IsValid(AccessToken token) => token.Expires is not { } end || time.GetUtcNow() < end;

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private void Change(Func<IReadOnlyList<AccessToken>, IReadOnlyList<AccessToken>> change)
    {
        string folder = Path.GetDirectoryName(path)!;
        ServerFolder.Make(folder);
        // Two who change it at once take turns.
        using FileStream turn = Turn(Path.Combine(folder, "tokens.lock"));
        IReadOnlyList<AccessToken> tokens = change(File.Exists(path) ? Read() : []);
        AtomicFile.WriteAllText(path, JsonSerializer.Serialize(tokens, Json) + "\n");
        ServerFolder.Hide(path);
    }

    private static FileStream Turn(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new SeaException($"{path}: another process changes the tokens: {error.Message}", "try again", error);
        }
    }

    private IReadOnlyList<AccessToken> Read()
    {
        try
        {
            return JsonSerializer.Deserialize<List<AccessToken>>(File.ReadAllBytes(path), ServerJson.Options) ?? [];
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"{path}: cannot read the tokens: {error.Message}", "restore the file, or delete it and make tokens anew with 'sea token create'", error);
        }
    }
}
