using System.Text;
using System.Text.Json;
using SeaCluster.Models;

namespace SeaCluster.Method.Preparation;

/// <summary><c>prepared.jsonl</c> and <c>rejected.jsonl</c>: one row a line.</summary>
public static class PreparedRowFile
{
    /// <summary>Reads prepared rows.</summary>
    /// <exception cref="SeaException">The file is absent, or a line is not a prepared row; the message names file and line.</exception>
    public static IEnumerable<PreparedRow> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new SeaException($"{path}: no such file.", "Prepare rows first: sea prepare.");
        }

        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            PreparedRow? row;
            try
            {
                row = JsonSerializer.Deserialize(line, PreparedJson.Lines.PreparedRow);
            }
            catch (JsonException error)
            {
                throw new SeaException($"{path}:{number}: not a prepared row: {error.Message}", "The file is written by sea prepare; mend or delete the line.");
            }

            yield return row ?? throw new SeaException($"{path}:{number}: not a prepared row: null.");
        }
    }

    /// <summary>Writes prepared rows, whole or not at all.</summary>
    public static void Write(string path, IEnumerable<PreparedRow> rows) =>
        AtomicFile.WriteAllText(path, Lines(rows.Select(row => JsonSerializer.Serialize(row, PreparedJson.Lines.PreparedRow))));

    /// <summary>Writes rejected rows, whole or not at all.</summary>
    public static void WriteRejected(string path, IEnumerable<RejectedRow> rows) =>
        AtomicFile.WriteAllText(path, Lines(rows.Select(row => JsonSerializer.Serialize(row, PreparedJson.Lines.RejectedRow))));

    private static string Lines(IEnumerable<string> lines) => lines.Aggregate(new StringBuilder(), (text, line) => text.Append(line).Append('\n')).ToString();
}
