using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SeaCluster.Models;

namespace SeaCluster.Method.Preparation;

/// <summary><c>prepared.jsonl</c> and <c>rejected.jsonl</c>: one row a line.</summary>
public static class PreparedRowFile
{
    /// <summary>Reads the prepared rows in order, one at a time; each passes <see cref="RowValidation"/>.</summary>
    /// <exception cref="SeaException">The file is absent, or a line is no prepared row: the message names file, line and what is wrong.</exception>
    public static IEnumerable<PreparedRow> Read(string path) => Read(path, ignoreHalfLine: false);

    /// <summary>Reads the rejected rows in order, one at a time.</summary>
    /// <exception cref="SeaException">The file is absent, or a line is no rejected row.</exception>
    public static IEnumerable<RejectedRow> ReadRejected(string path) => ReadRejected(path, ignoreHalfLine: false);

    /// <summary>Writes prepared rows, whole or not at all.</summary>
    public static void Write(string path, IEnumerable<PreparedRow> rows) => Write(path, rows, PreparedJson.Lines.PreparedRow);

    /// <summary>Writes rejected rows, whole or not at all.</summary>
    public static void WriteRejected(string path, IEnumerable<RejectedRow> rows) => Write(path, rows, PreparedJson.Lines.RejectedRow);

    internal static IEnumerable<PreparedRow> Read(string path, bool ignoreHalfLine)
    {
        foreach ((long number, string line) in Lines(path, ignoreHalfLine))
        {
            PreparedRow row = Parse(path, number, line, PreparedJson.Lines.PreparedRow, "a prepared row");
            if (RowValidation.Check(row) is { } wrong)
            {
                throw new SeaException($"{path}:{number}: row '{row.Id}': {wrong}.", "The file is written by sea prepare; mend or delete the line.");
            }

            yield return row;
        }
    }

    internal static IEnumerable<RejectedRow> ReadRejected(string path, bool ignoreHalfLine) =>
        Lines(path, ignoreHalfLine).Select(line => Parse(path, line.Number, line.Text, PreparedJson.Lines.RejectedRow, "a rejected row"));

    /// <summary>Appends a row to a stream.</summary>
    internal static void Append<T>(Stream stream, T row, JsonTypeInfo<T> type)
    {
        stream.Write(JsonSerializer.SerializeToUtf8Bytes(row, type));
        stream.WriteByte((byte)'\n');
    }

    private static void Write<T>(string path, IEnumerable<T> rows, JsonTypeInfo<T> type) => AtomicFile.Write(path, stream =>
    {
        foreach (T row in rows)
        {
            Append(stream, row, type);
        }
    });

    private static IEnumerable<(long Number, string Text)> Lines(string path, bool ignoreHalfLine)
    {
        if (!File.Exists(path))
        {
            throw new SeaException($"{path}: no such file.", "Prepare rows first: sea prepare.");
        }

        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16);
        bool whole = stream.Length == 0 || EndsLine(stream);
        using StreamReader reader = new(stream);
        long number = 0;
        string? next = reader.ReadLine();
        while (next is { } line)
        {
            number++;
            next = reader.ReadLine();
            bool half = next is null && !whole && ignoreHalfLine;
            if (!half && !string.IsNullOrWhiteSpace(line))
            {
                yield return (number, line);
            }
        }
    }

    private static bool EndsLine(FileStream stream)
    {
        stream.Position = stream.Length - 1;
        bool feed = stream.ReadByte() == '\n';
        stream.Position = 0;
        return feed;
    }

    private static T Parse<T>(string path, long number, string line, JsonTypeInfo<T> type, string what)
    {
        try
        {
            return JsonSerializer.Deserialize(line, type) ?? throw new SeaException($"{path}:{number}: expected {what}, found null.");
        }
        catch (JsonException error)
        {
            throw new SeaException($"{path}:{number}: expected {what}: {error.Message}", "The file is written by sea prepare; mend or delete the line.", error);
        }
    }
}
