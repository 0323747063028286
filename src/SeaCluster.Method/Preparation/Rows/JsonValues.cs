using System.Buffers;

namespace SeaCluster.Method.Preparation.Rows;

/// <summary>
/// Cuts a stream of JSON into its values without parsing them, so that one broken or huge value costs only itself.
/// Line numbers are those of the file.
/// </summary>
/// <param name="stream">Read from its position to its end.</param>
/// <param name="maxBytes">The most bytes of one value that are kept.</param>
internal sealed class JsonValues(Stream stream, int maxBytes)
{
    private readonly byte[] _buffer = new byte[1 << 16];
    private readonly ArrayBufferWriter<byte> _value = new();
    private int _start;
    private int _end;

    /// <summary>1-based line of the next byte.</summary>
    public long Line { get; private set; } = 1;

    /// <summary>1-based line where the current value starts.</summary>
    public long ValueLine { get; private set; }

    /// <summary>Length of the current value in the file.</summary>
    public long Length { get; private set; }

    /// <summary>Whether the current value was longer than the bound.</summary>
    public bool Cut => Length > maxBytes;

    /// <summary>Whether the file ended inside the current value.</summary>
    public bool Unfinished { get; private set; }

    /// <summary>The current value; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Bytes => _value.WrittenMemory;

    /// <summary>The next byte, or -1 at the end.</summary>
    public int Peek()
    {
        if (_start == _end)
        {
            _start = 0;
            _end = stream.Read(_buffer);
        }

        return _start < _end ? _buffer[_start] : -1;
    }

    /// <summary>Skips white space and returns the byte after it, or -1.</summary>
    public int PeekToken()
    {
        int next = Peek();
        while (next is ' ' or '\t' or '\r' or '\n')
        {
            Take();
            next = Peek();
        }

        return next;
    }

    /// <summary>Consumes one byte.</summary>
    public void Take()
    {
        if (Peek() == '\n')
        {
            Line++;
        }

        _start++;
    }

    /// <summary>Reads one value (object, array, string or bare word) from the next token on.</summary>
    public void ReadValue()
    {
        PeekToken();
        _value.ResetWrittenCount();
        Length = 0;
        Unfinished = false;
        ValueLine = Line;
        int depth = 0;
        bool inString = false;
        bool escaped = false;
        while (true)
        {
            int next = Peek();
            if (next < 0)
            {
                Unfinished = depth > 0 || inString;
                return;
            }

            bool outside = !inString && depth == 0;
            if (outside && Length > 0 && EndsWord(next))
            {
                return;
            }

            Keep((byte)next);
            if (inString)
            {
                inString = escaped || next != '"';
                escaped = !escaped && next == '\\';
            }
            else if (next == '"')
            {
                inString = true;
            }
            else if (next is '{' or '[')
            {
                depth++;
            }
            else if (next is '}' or ']')
            {
                depth--;
            }

            bool closed = !inString && depth <= 0 && (next is '}' or ']' or '"');
            if (closed)
            {
                return;
            }
        }
    }

    private static bool EndsWord(int next) => next is ',' or ':' or ']' or '}' or ' ' or '\t' or '\r' or '\n';

    private void Keep(byte value)
    {
        if (_value.WrittenCount <= maxBytes)
        {
            _value.GetSpan(1)[0] = value;
            _value.Advance(1);
        }

        Length++;
        Take();
    }
}
