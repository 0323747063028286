using System.Text.Json;

namespace SeaCluster.Server.Dashboard;

/// <summary>
/// The losses of a training log, read as it grows: each look reads what was added since the last one, and however long the training is, at most <see cref="MostPoints"/> points are kept, each the mean of
/// equally many steps.
/// </summary>
/// <param name="path">The log, one JSON object a line.</param>
internal sealed class LossCurve(string path)
{
    /// <summary>Points kept at most.</summary>
    public const int MostPoints = 512;

    private const int Compared = 64;

    private readonly Lock _gate = new();
    private readonly List<double> _points = [];
    private long _read;
    private byte[] _end = [];
    private int _stride = 1;
    private (double Sum, int Count) _open;

    /// <summary>How many steps a point stands for, the points' losses, and the steps in all.</summary>
    public (int Stride, IReadOnlyList<double> Losses, int Steps) Read()
    {
        lock (_gate)
        {
            try
            {
                using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                if (!IsSameAsBefore(file))
                {
                    Reset();
                }

                ReadOn(file);
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
            {
                Reset();
            }

            IReadOnlyList<double> losses = _open.Count > 0 ? [.. _points, _open.Sum / _open.Count] : [.. _points];
            return (_stride, losses, (_points.Count * _stride) + _open.Count);
        }
    }

    // A training that goes on from a checkpoint cuts its log first.
    private bool IsSameAsBefore(FileStream file)
    {
        if (file.Length < _read)
        {
            return false;
        }

        byte[] now = new byte[_end.Length];
        file.Position = _read - _end.Length;
        file.ReadExactly(now);
        return now.AsSpan().SequenceEqual(_end);
    }

    private void Reset()
    {
        _points.Clear();
        (_read, _end, _stride, _open) = (0, [], 1, default);
    }

    private void ReadOn(FileStream file)
    {
        file.Position = _read;
        byte[] added = new byte[file.Length - _read];
        file.ReadExactly(added);
        int whole = Array.LastIndexOf(added, (byte)'\n') + 1;
        foreach (Range line in MemoryExtensions.Split(added.AsSpan(0, whole), (byte)'\n'))
        {
            if (LossOf(added.AsSpan()[line]) is { } loss)
            {
                Add(loss);
            }
        }

        if (whole > 0)
        {
            _read += whole;
            _end = added[Math.Max(0, whole - Compared)..whole];
        }
    }

    private void Add(double loss)
    {
        _open = (_open.Sum + loss, _open.Count + 1);
        if (_open.Count < _stride)
        {
            return;
        }

        _points.Add(_open.Sum / _open.Count);
        _open = default;
        if (_points.Count == MostPoints)
        {
            for (int i = 0; i < MostPoints / 2; i++)
            {
                _points[i] = (_points[2 * i] + _points[(2 * i) + 1]) / 2;
            }

            _points.RemoveRange(MostPoints / 2, MostPoints / 2);
            _stride *= 2;
        }
    }

    private static double? LossOf(ReadOnlySpan<byte> line)
    {
        Utf8JsonReader reader = new(line);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("loss"))
                {
                    return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out double loss) && double.IsFinite(loss) ? loss : null;
                }
            }
        }
        catch (JsonException)
        {
            return null; // Half a line of a process that was killed.
        }

        return null;
    }
}
