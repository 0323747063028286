using System.Text;
using System.Text.Unicode;

namespace SeaCluster.Method.Preparation.Rows;

/// <summary>
/// Cuts a stream into CSV records: a record goes on over line ends while a quote is open. A quote that is never closed costs its own line
/// only: what was read while looking for its end is read again.
/// </summary>
/// <param name="lines">The file's lines.</param>
/// <param name="maxBytes">The most bytes of one record.</param>
internal sealed class CsvRecords(BoundedLines lines, int maxBytes)
{
    // Each search for a closing quote may read up to the bound; a file of stray quotes must not make that quadratic.
    private int _searchesLeft = 100;
    private Queue<(long Number, byte[] Bytes, bool Cut)> _again = new();
    private List<(long Number, byte[] Bytes, bool Cut)> _followers = [];

    /// <summary>1-based line where the current record starts.</summary>
    public long Line { get; private set; }

    /// <summary>The current record's text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Why the current record cannot be used, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Goes to the next record; false at the end of the file.</summary>
    public bool Next()
    {
        if (!TryLine(out var first))
        {
            return false;
        }

        Line = first.Number;
        Problem = null;
        _followers = [];
        if (first.Cut)
        {
            Text = Encoding.UTF8.GetString(first.Bytes.AsSpan(0, Math.Min(first.Bytes.Length, 1000)));
            Problem = $"the row is longer than the limit of {maxBytes} bytes";
            return true;
        }

        byte[] record = OpenQuote(first.Bytes) ? ReadOn(first.Bytes) : first.Bytes;
        if (!Utf8.IsValid(record))
        {
            Problem ??= InvalidUtf8.Describe(record);
        }

        Text = Encoding.UTF8.GetString(record);
        return true;
    }

    private byte[] ReadOn(byte[] first)
    {
        using MemoryStream record = new();
        record.Write(first);
        string reason = _searchesLeft > 0
            ? "a quote is opened and not closed before the end of the file"
            : "a quote is opened and not closed in its line; after many such rows, rows of several lines are no longer tried";
        while (_searchesLeft > 0 && TryLine(out var next))
        {
            _followers.Add(next);
            if (next.Cut || record.Length + next.Bytes.Length + 1 > maxBytes)
            {
                reason = $"a quote is opened and not closed within {maxBytes} bytes";
                break;
            }

            record.WriteByte((byte)'\n');
            record.Write(next.Bytes);
            if (OpenQuote(next.Bytes))
            {
                return record.ToArray();
            }
        }

        Problem = reason;
        GiveBack();
        return first;
    }

    /// <summary>Reads the lines after the current record's first one again, each on its own: the record turned out to be none.</summary>
    /// <returns>Whether the record had more than one line.</returns>
    public bool GiveBack()
    {
        if (_followers.Count == 0)
        {
            return false;
        }

        _again = new Queue<(long, byte[], bool)>(_followers.Concat(_again));
        _followers = [];
        _searchesLeft--;
        return true;
    }

    private bool TryLine(out (long Number, byte[] Bytes, bool Cut) line)
    {
        if (_again.TryDequeue(out line))
        {
            return true;
        }

        if (!lines.Next())
        {
            line = default;
            return false;
        }

        line = (lines.Number, lines.Bytes.ToArray(), lines.Cut);
        return true;
    }

    // An odd number of quotes opens or closes one: a doubled quote inside a field counts twice.
    private static bool OpenQuote(ReadOnlySpan<byte> bytes) => bytes.Count((byte)'"') % 2 == 1;
}

/// <summary>Says where text stops being UTF-8.</summary>
internal static class InvalidUtf8
{
    /// <summary>A reason with the offset of the first wrong byte.</summary>
    public static string Describe(ReadOnlySpan<byte> bytes)
    {
        int offset = 0;
        while (offset < bytes.Length && Rune.DecodeFromUtf8(bytes[offset..], out _, out int used) == System.Buffers.OperationStatus.Done)
        {
            offset += used;
        }

        string found = offset < bytes.Length ? $"0x{bytes[offset]:X2}" : "the end";
        return $"the text is not valid UTF-8: byte {offset} of the row is {found}; save the file as UTF-8";
    }
}
