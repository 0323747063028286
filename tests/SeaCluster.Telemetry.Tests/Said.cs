using System.Collections.Concurrent;
using System.Diagnostics;

namespace SeaCluster.Telemetry.Tests;

/// <summary>Follows what a process says on stderr, and ends the process with the test.</summary>
internal sealed class Said : IDisposable
{
    private const string Marker = "metrics and health on ";

    private readonly ConcurrentQueue<string> _lines = [];
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;

    public Said(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _address.TrySetException(new InvalidOperationException($"it ended before it listened:\n{All}"));
                return;
            }

            _lines.Enqueue(line.Data);
            if (line.Data.IndexOf(Marker, StringComparison.Ordinal) is >= 0 and var at)
            {
                _address.TrySetResult(new Uri(line.Data[(at + Marker.Length)..]));
            }
        };
        process.BeginErrorReadLine();
    }

    /// <summary>Everything so far.</summary>
    public string All => string.Join('\n', _lines);

    /// <summary>Where its metrics are.</summary>
    public Task<Uri> AddressAsync() => _address.Task.WaitAsync(TimeSpan.FromMinutes(2));

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
    }
}
