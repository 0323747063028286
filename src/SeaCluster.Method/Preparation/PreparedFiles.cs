using System.Text.Json;
using SeaCluster.Models;

namespace SeaCluster.Method.Preparation;

/// <summary>Reads <c>prepared.jsonl</c> and <c>rejected.jsonl</c>.</summary>
public static class PreparedFiles
{
    /// <summary>The prepared rows in order, one at a time.</summary>
    /// <exception cref="SeaException">The file is missing, or a line is no prepared row: the message names file, line and what is wrong.</exception>
    public static IEnumerable<PreparedRow> ReadPrepared(string path) => ReadPrepared(path, ignoreHalfLine: false);

    /// <summary>The rejected rows in order, one at a time.</summary>
    /// <exception cref="SeaException">The file is missing, or a line is no rejected row.</exception>
    public static IEnumerable<RejectedRow> ReadRejected(string path) => ReadRejected(path, ignoreHalfLine: false);

    internal static IEnumerable<RejectedRow> ReadRejected(string path, bool ignoreHalfLine) =>
        Lines(path, ignoreHalfLine).Select(line => Parse(path, line.Number, line.Text, PreparedJson.Lines.RejectedRow, "a rejected row"));

    internal static IEnumerable<PreparedRow> ReadPrepared(string path, bool ignoreHalfLine)
    {
        foreach ((long number, string line) in Lines(path, ignoreHalfLine))
        {
            PreparedRow row = Parse(path, number, line, PreparedJson.Lines.PreparedRow, "a prepared row");
            if (RowValidation.Check(row) is { } wrong)
            {
                throw new SeaException($"{path}:{number}: row '{row.Id}': {wrong}.", "Correct the line, or prepare the rows again.");
            }

            yield return row;
        }
    }

    private static IEnumerable<(long Number, string Text)> Lines(string path, bool ignoreHalfLine)
    {
        if (!File.Exists(path))
        {
            throw new SeaException($"{path}: no such file.", "Write it with: sea prepare --data FILE --out FOLDER");
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

    private static T Parse<T>(string path, long number, string line, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string what)
    {
        try
        {
            return JsonSerializer.Deserialize(line, type) ?? throw new SeaException($"{path}:{number}: expected {what}, found null.");
        }
        catch (JsonException error)
        {
            throw new SeaException($"{path}:{number}: expected {what}: {error.Message}", "Correct or delete the line.", error);
        }
    }
}
