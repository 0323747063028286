using System.Diagnostics;
using System.Text;

namespace SeaCluster.Server.Driving;

/// <summary>How a run's process ended.</summary>
/// <param name="ExitCode">Its exit code; 128 + the signal where one ended it.</param>
/// <param name="LastWords">The last remarks that it made, progress left out.</param>
internal sealed record ProcessEnd(int ExitCode, string LastWords);

/// <summary>A <c>sea run</c> process: what it says goes to a file, and it can be asked to stop.</summary>
internal sealed class RunProcess : IDisposable
{
    private const int KeptLines = 12;
    private const long LongestLog = 4 << 20;

    private readonly Process _process;
    private readonly Queue<string> _last = new();
    private readonly Task _reading;
    private volatile bool _stopping;

    public RunProcess(ChildCommand command, IEnumerable<string> arguments, string folder, string log, string? traceparent)
    {
        _process = command.Start(arguments, folder, traceparent);
        _reading = Task.WhenAll(ReadErrorsAsync(log), _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null));
    }

    public async Task<ProcessEnd> EndAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        await _reading;
        return new ProcessEnd(_process.ExitCode, string.Join('\n', _last));
    }

    /// <summary>Asks it to stop, once. A terminal's Ctrl-C reaches it as well as its parent, and a second request would end it at once.</summary>
    public void AskToStop()
    {
        if (!_stopping)
        {
            _stopping = true;
            if (!Signals.AskToEnd(_process.Id))
            {
                _process.Kill();
            }
        }
    }

    public void Kill() => _process.Kill(entireProcessTree: true);

    public void Dispose() => _process.Dispose();

    private async Task ReadErrorsAsync(string log)
    {
        using StreamWriter? writer = Open(log);
        bool writes = writer is not null;
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            try
            {
                await (writes ? writer!.WriteLineAsync(line) : Task.CompletedTask);
            }
            catch (IOException)
            {
                writes = false; // A full disk must not stop the run's process behind its pipe.
            }

            _stopping |= line.StartsWith("sea: stopping", StringComparison.Ordinal);
            _last.Enqueue(line.StartsWith("sea: ", StringComparison.Ordinal) ? line["sea: ".Length..] : line);
            if (_last.Count > KeptLines)
            {
                _last.Dequeue();
            }
        }
    }

    private static StreamWriter? Open(string log)
    {
        try
        {
            FileMode mode = new FileInfo(log) is { Exists: true, Length: < LongestLog } ? FileMode.Append : FileMode.Create;
            return new StreamWriter(new FileStream(log, mode, FileAccess.Write, FileShare.ReadWrite), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
