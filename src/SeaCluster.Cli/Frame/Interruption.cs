using System.Runtime.InteropServices;

namespace SeaCluster.Cli.Frame;

/// <summary>
/// The first Ctrl-C (or SIGTERM) asks the command to stop; the second one ends the process at once. So does the first one in the first second of a command
/// that keeps nothing to go on with: who mistyped wants the prompt back.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(1);

    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;

    private readonly bool _keeps;

    /// <param name="keeps">Whether the command keeps what it has done when it is stopped.</param>
    public Interruption(bool keeps)
    {
        _keeps = keeps;
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop)];
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }

        _stop.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        if (!_keeps && TimeProvider.System.GetElapsedTime(_began) < Start)
        {
            return; // The signal does what it does by itself: it ends the process, without a word.
        }

        context.Cancel = true;
        if (_stop.IsCancellationRequested)
        {
            Environment.Exit(ExitCode.Interrupted);
        }

        Screen.Say("stopping; once more ends it at once");
        _stop.Cancel();
    }
}
