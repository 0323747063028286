using System.Text.Json;
using SeaCluster.Models;

namespace SeaCluster.Method.Evaluation;

/// <summary>Reads and appends to <c>evaluation/NAME.jsonl</c>. A line is appended and flushed to the disk before it counts; a later line for the same case replaces an earlier one.</summary>
public sealed class ResultFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly FileStream _lock;
    private readonly Lock _gate = new();

    private ResultFile(FileStream stream, FileStream @lock) => (_stream, _lock) = (stream, @lock);

    /// <summary>Reads a result file: one result a case, in the order in which the cases were first answered.</summary>
    /// <exception cref="SeaException">The file is missing, or a line that is not the torn end of the file is no result.</exception>
    public static IReadOnlyList<CaseResult> Read(string path)
    {
        try
        {
            return Parse(path, File.ReadAllBytes(path)).Results;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"The results {path} cannot be read: {e.Message}", "Name a file that an evaluation wrote.", e);
        }
    }

    /// <summary>Replaces the file by these results, one line each.</summary>
    public static void Write(string path, IEnumerable<CaseResult> results) => AtomicFile.Write(path, stream =>
    {
        foreach (CaseResult result in results)
        {
            stream.Write(Line(result));
        }
    });

    /// <summary>Opens the file to go on with it, cutting off a last line that a kill left half written.</summary>
    /// <returns>The open file and what it already holds.</returns>
    /// <exception cref="SeaException">It is damaged in the middle, or another process writes to it.</exception>
    internal static (ResultFile File, IReadOnlyList<CaseResult> Results) Open(string path)
    {
        FileStream? owned = null;
        FileStream? stream = null;
        try
        {
            // On Linux only a file shared with nobody is locked, and the results should stay readable meanwhile: so the lock is a file beside them.
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            owned = new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            (IReadOnlyList<CaseResult> results, int whole) = Parse(path, bytes);
            stream.SetLength(whole);
            stream.Position = whole;
            return (new ResultFile(stream, owned), results);
        }
        catch (Exception e)
        {
            stream?.Dispose();
            owned?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new SeaException($"The results {path} cannot be opened: {e.Message}", "Is another evaluation writing to this file?", e);
            }

            throw;
        }
    }

    /// <summary>Appends the results and returns when they are on the disk.</summary>
    internal void Append(IEnumerable<CaseResult> results)
    {
        lock (_gate)
        {
            foreach (CaseResult result in results)
            {
                _stream.Write(Line(result));
            }

            _stream.Flush(flushToDisk: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _lock.Dispose();
    }

    private static byte[] Line(CaseResult result) => [.. JsonSerializer.SerializeToUtf8Bytes(result, JsonLines.Options), (byte)'\n'];

    private static (IReadOnlyList<CaseResult> Results, int WholeBytes) Parse(string path, byte[] bytes)
    {
        OrderedDictionary<string, CaseResult> results = new(StringComparer.Ordinal);
        int number = 0, position = 0;
        foreach (ReadOnlyMemory<byte> line in JsonLines.Split(bytes))
        {
            number++;
            int end = position + line.Length + 1;
            if (end > bytes.Length)
            {
                break; // The last line lacks its line feed: a kill cut it.
            }

            position = end;
            if (!JsonLines.IsBlank(line.Span))
            {
                CaseResult result = ParseLine(path, number, line.Span);
                results[result.Hash] = result;
            }
        }

        return ([.. results.Values], position);
    }

    private static CaseResult ParseLine(string path, int number, ReadOnlySpan<byte> line)
    {
        const string Hint = "Delete the line to have the case asked again, or the file to start over.";
        try
        {
            return JsonSerializer.Deserialize<CaseResult>(line, JsonLines.Options)
                ?? throw new SeaException($"{path}:{number}: expected a result, found null.", Hint);
        }
        catch (JsonException e)
        {
            throw new SeaException($"{path}:{number}: not a result line: {e.Message}", Hint, e);
        }
    }
}
