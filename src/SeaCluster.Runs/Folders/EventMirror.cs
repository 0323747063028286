using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Models;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Folders;

/// <summary>
/// Keeps <c>events.jsonl</c> equal to the ledger's events: one JSON object a line, each once, in order. A half last line (the machine went
/// down while it was written) is cut off, and what is missing is written again from the ledger.
/// </summary>
public sealed class EventMirror(ILedger ledger, string run, string path) : IDisposable
{
    private const int PageSize = 1000;
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long? _last;

    /// <summary>Writes the events that the file lacks.</summary>
    /// <exception cref="SeaException">The file cannot be written.</exception>
    public async Task CatchUpAsync(CancellationToken cancel = default)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            _last ??= Repair();
            IReadOnlyList<EventRow> events;
            while ((events = await ledger.EventsAsync(run, _last.Value, PageSize, cancel)).Count > 0)
            {
                Fault.Reach(FaultPoint.EventMirroring);
                Append(events);
                _last = events[^1].Sequence;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"{path}: cannot write events: {error.Message}", inner: error);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private void Append(IReadOnlyList<EventRow> events)
    {
        StringBuilder lines = new();
        foreach (EventRow row in events)
        {
            JsonObject line = new()
            {
                ["sequence"] = row.Sequence,
                ["at"] = row.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
                ["kind"] = row.Kind,
            };
            if (row.Stage is not null)
            {
                line["stage"] = row.Stage;
            }

            if (row.Sample is not null)
            {
                line["sample"] = row.Sample;
            }

            if (row.Detail is not null)
            {
                line["detail"] = Parsed(row.Detail);
            }

            lines.Append(line.ToJsonString(Readable)).Append('\n');
        }

        using FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        file.Write(Encoding.UTF8.GetBytes(lines.ToString()));
        file.Flush(flushToDisk: true);
    }

    /// <summary>Cuts the file after its last whole line.</summary>
    /// <returns>The last whole line's sequence number; 0 for none.</returns>
    private long Repair()
    {
        using FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        long end = LastNewline(file, file.Length) + 1;
        long sequence = 0;
        if (end > 0)
        {
            long begin = LastNewline(file, end - 1) + 1;
            byte[] line = new byte[end - begin];
            file.Position = begin;
            file.ReadExactly(line);
            if (SequenceOf(line) is { } read)
            {
                sequence = read;
            }
            else
            {
                // Not lines of ours: the ledger has them all, so the file is written anew.
                end = 0;
            }
        }

        if (end != file.Length)
        {
            file.SetLength(end);
            file.Flush(flushToDisk: true);
        }

        return sequence;
    }

    private static JsonNode? Parsed(string detail)
    {
        try
        {
            return JsonNode.Parse(detail);
        }
        catch (JsonException)
        {
            return detail;
        }
    }

    private static long? SequenceOf(byte[] line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("sequence", out JsonElement value) && value.TryGetInt64(out long sequence)
                ? sequence : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long LastNewline(FileStream file, long before)
    {
        byte[] block = new byte[4096];
        for (long at = before; at > 0;)
        {
            int size = (int)Math.Min(block.Length, at);
            at -= size;
            file.Position = at;
            file.ReadExactly(block, 0, size);
            int found = Array.LastIndexOf(block, (byte)'\n', size - 1);
            if (found >= 0)
            {
                return at + found;
            }
        }

        return -1;
    }
}
