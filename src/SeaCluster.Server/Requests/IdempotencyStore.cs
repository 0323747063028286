using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SeaCluster.Models;
using SeaCluster.Server.Access;

namespace SeaCluster.Server.Requests;

/// <summary>
/// Lets a POST be repeated: with the same <c>Idempotency-Key</c> and the same body it has its effect once and gives the same answer, also after the server died in the middle of it.
/// Before anything is done, the key is written down with the id that the request's effect will have, so that a repetition finishes what it finds.
/// </summary>
/// <param name="folder">Where keys are kept, as hashes.</param>
/// <param name="time">The clock.</param>
internal sealed class IdempotencyStore(string folder, TimeProvider time)
{
    private const string Header = "Idempotency-Key";
    private const int LongestKey = 255;

    /// <summary>How long a key is remembered.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    /// <summary>Forgets keys that are older than <see cref="Kept"/>.</summary>
    public void Sweep()
    {
        foreach (string file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            if (File.GetLastWriteTimeUtc(file) < time.GetUtcNow().UtcDateTime - Kept)
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Does a request once.</summary>
    /// <param name="context">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="work">Does it; gets an id that is the same at every repetition, and gives an <see cref="Answer"/> or a problem, which is not kept.</param>
    public async Task<IResult> OnceAsync(HttpContext context, ReadOnlyMemory<byte> body, Func<string, Task<IResult>> work)
    {
        if (!context.Request.Headers.TryGetValue(Header, out Microsoft.Extensions.Primitives.StringValues given))
        {
            return await work(NewId());
        }

        if (given.Count != 1 || given[0] is not { Length: > 0 and <= LongestKey } key)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, $"{Header}: expected one value of 1 to {LongestKey} characters");
        }

        string request = Hash(Encoding.UTF8.GetBytes($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}\n"), body.Span);
        string file = Path.Combine(folder, $"{Hash(Encoding.UTF8.GetBytes($"{Caller.Of(context).Id}\n"), Encoding.UTF8.GetBytes(key))}.json");
        SemaphoreSlim turn = _turns.GetOrAdd(file, _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(context.RequestAborted);
        try
        {
            Record record = Find(file) ?? new Record(request, NewId(), null);
            if (record.Request != request)
            {
                return Problems.Of(StatusCodes.Status422UnprocessableEntity, $"this {Header} was used for another request", "a new request needs a new key");
            }

            if (record.Answer is { } before)
            {
                return before;
            }

            Keep(file, record);
            IResult result = await work(record.Id);
            if (result is Answer answer)
            {
                Keep(file, record with { Answer = answer });
            }
            else
            {
                File.Delete(file);
            }

            return result;
        }
        finally
        {
            turn.Release();
        }
    }

    private static string NewId() => Guid.CreateVersion7().ToString("N");

    private static Record? Find(string file) => File.Exists(file) ? JsonSerializer.Deserialize<Record>(File.ReadAllBytes(file), ServerJson.Options) : null;

    private static void Keep(string file, Record record) => AtomicFile.WriteAllText(file, JsonSerializer.Serialize(record, ServerJson.Options));

    private static string Hash(ReadOnlySpan<byte> before, ReadOnlySpan<byte> text)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(before);
        hash.AppendData(text);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed record Record(string Request, string Id, Answer? Answer);
}
