namespace SeaCluster.Cli.Frame;

/// <summary>
/// Long work on stderr: one line that is redrawn on a terminal, elsewhere a new line every few seconds. The rate counts only what was
/// done since the start, so that a resumed run does not boast. With SEA_PROGRESS=every a line is written for every report, for programs that follow.
/// </summary>
/// <param name="what">The work: <c>synthesize</c>.</param>
/// <param name="unit">What is counted: <c>embeddings</c>.</param>
internal sealed class ProgressLine(string what, string unit) : IDisposable
{
    private static readonly TimeSpan TerminalPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainPause = Environment.GetEnvironmentVariable("SEA_PROGRESS") == "every" ? TimeSpan.Zero : TimeSpan.FromSeconds(5);
    private readonly bool _watched = Screen.Watched;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Lock _gate = new();
    private long _started;
    private long _shown;
    private int? _first;
    private int _drawn;

    /// <summary>Tells how far the work is; cheap enough to be called after every step.</summary>
    /// <param name="done">Items done, those of an earlier start included.</param>
    /// <param name="total">All items.</param>
    /// <param name="detail">A few words more.</param>
    public void Report(int done, int total, string? detail = null)
    {
        lock (_gate)
        {
            if (_first is null)
            {
                _first = done;
                _started = _time.GetTimestamp();
                _shown = _started - (long)(TimeSpan.FromHours(1).TotalSeconds * _time.TimestampFrequency);
            }

            bool last = done >= total;
            if (!last && _time.GetElapsedTime(_shown) < (_watched ? TerminalPause : PlainPause))
            {
                return;
            }

            _shown = _time.GetTimestamp();
            Show(Text(done, total, detail));
        }
    }

    /// <summary>Ends the line, so that what follows starts on one of its own.</summary>
    public void Dispose()
    {
        if (_watched && _drawn > 0)
        {
            Console.Error.WriteLine();
        }
    }

    private string Text(int done, int total, string? detail)
    {
        double seconds = _time.GetElapsedTime(_started).TotalSeconds;
        int fresh = done - _first!.Value;
        string rate = fresh > 0 && seconds > 0 ? $", {Rate(fresh / seconds)}" : "";
        string rest = fresh > 0 && done < total ? $", {PlanText.Clock((total - done) * seconds / fresh)} left" : "";
        string bar = _watched && total > 0 ? $"{new string('#', 20 * done / total),-20} " : "";
        return $"{what}: {bar}{done}/{total} {unit}{rate}{rest}{(detail is null ? "" : $", {detail}")}";
    }

    private void Show(string text)
    {
        if (!_watched)
        {
            if (Screen.Lines == LogFormat.Json)
            {
                Screen.Say(text);
            }
            else
            {
                Console.Error.WriteLine(text);
            }

            return;
        }

        int width = Math.Max(20, Console.WindowWidth - 1);
        string line = text.Length > width ? text[..width] : text;
        Console.Error.Write($"\r{line.PadRight(Math.Min(_drawn, width))}");
        _drawn = line.Length;
    }

    private static string Rate(double perSecond) => perSecond >= 1 ? $"{perSecond:0.0}/s" : $"{1 / perSecond:0.0} s each";
}
