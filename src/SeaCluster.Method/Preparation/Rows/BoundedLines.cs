using System.Buffers;

namespace SeaCluster.Method.Preparation.Rows;

/// <summary>
/// Splits a stream into lines with a bound on what is held: of a longer line only the first bytes are kept, the rest is skipped.
/// </summary>
/// <param name="stream">Read from its position to its end.</param>
/// <param name="maxBytes">The most bytes of one line that are kept.</param>
internal sealed class BoundedLines(Stream stream, int maxBytes)
{
    private readonly byte[] _buffer = new byte[1 << 16];
    private readonly ArrayBufferWriter<byte> _line = new();
    private int _kept;
    private int _start;
    private int _end;

    /// <summary>1-based number of the current line.</summary>
    public long Number { get; private set; }

    /// <summary>Length of the current line in the file, without its end.</summary>
    public long Length { get; private set; }

    /// <summary>Whether the current line was longer than the bound.</summary>
    public bool Cut => Length > maxBytes;

    /// <summary>The current line without its line end; valid until the next call.</summary>
    public ReadOnlySpan<byte> Bytes => _line.WrittenSpan[.._kept];

    /// <summary>Goes to the next line; false at the end of the file.</summary>
    public bool Next()
    {
        _line.ResetWrittenCount();
        Length = 0;
        bool any = false;
        while (true)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = stream.Read(_buffer);
                if (_end == 0)
                {
                    if (any)
                    {
                        Finish();
                    }

                    return any;
                }
            }

            any = true;
            ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
            int newline = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = newline < 0 ? rest : rest[..newline];
            Length += part.Length;
            int room = maxBytes + 1 - _line.WrittenCount;
            _line.Write(part[..Math.Min(room, part.Length)]);
            _start += newline < 0 ? part.Length : newline + 1;
            if (newline >= 0)
            {
                Finish();
                return true;
            }
        }
    }

    private void Finish()
    {
        Number++;
        _kept = _line.WrittenCount;
        if (!Cut && _kept > 0 && Bytes[^1] == '\r')
        {
            _kept--;
            Length--;
        }
    }
}
