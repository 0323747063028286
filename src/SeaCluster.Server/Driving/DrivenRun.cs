using SeaCluster.Models;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Runs.Status;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Driving;

/// <summary>One submitted run in a driver's hands.</summary>
internal sealed class DrivenRun(RunPlace place, DriverOptions options, TimeProvider time, Action<string> say)
{
    private const int MostStarts = 5;

    // A process that lived so long got somewhere: its end is no sign that the next start will end too.
    private static readonly TimeSpan Lived = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private Submission Submission => place.Submission;

    /// <summary>Drives the run until nothing is asked of it any more, or until <paramref name="stop"/>.</summary>
    public async Task DriveAsync(Claim claim, CancellationToken stop)
    {
        using (claim)
        {
            while (!stop.IsCancellationRequested && Submission.IsDue)
            {
                if (RunLock.HolderOf(place.Folder) is { } holder)
                {
                    await AwaitAsync(holder, stop);
                    continue;
                }

                RunRequest request = Submission.Request!;
                DriveOutcome outcome = await OnceAsync(request, Submission.Outcome is { } before && before.Sequence == request.Sequence ? before : new(request.Sequence, false, 0, 0, null, null, default), stop);
                Submission.Tell(outcome);
                if (!outcome.Final && outcome.Starts > 0)
                {
                    await Task.Delay(FirstWait * Math.Pow(2, outcome.Starts - 1), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    // A process that an earlier driver began, or somebody by hand: it is waited for, and asked to stop where the run was cancelled.
    private async Task AwaitAsync(RunLockHolder holder, CancellationToken stop)
    {
        say($"{place.Id}: {holder} is at work; waiting for it");
        bool asked = false;
        while (!stop.IsCancellationRequested && RunLock.HolderOf(place.Folder) is not null)
        {
            if (!asked && !Submission.Waits && holder.Machine == Environment.MachineName)
            {
                asked = Signals.AskToEnd(holder.ProcessId);
            }

            await Task.Delay(RunDriver.Look, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<DriveOutcome> OnceAsync(RunRequest request, DriveOutcome before, CancellationToken stop)
    {
        DriveOutcome now = before;
        long began = time.GetTimestamp();
        try
        {
            if (request.Retry is { } samples && now.RetriedFor != request.Sequence && place.Folder.HasRun)
            {
                PutBack put = await RunRetry.RetryAsync(place.Folder, samples.Count == 0 ? null : samples, time, stop);
                say($"{place.Id}: {put.Samples} samples and {put.Judgements} judgements put back");
                now = now with { RetriedFor = request.Sequence };
                Submission.Tell(now);
            }

            using RunProcess process = new(Command(), Arguments(), options.Root, Submission.Log, request.Traceparent);
            say($"{place.Id}: driven");
            ProcessEnd end = await EndAsync(process, request, stop);
            return Judged(now, end, time.GetElapsedTime(began), stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return now;
        }
        catch (Exception error) when (error is SeaException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            say($"{place.Id}: {error.Message}");
            int starts = now.Starts + 1;
            return now with { Starts = starts, Final = starts >= MostStarts, Error = error.Message, At = time.GetUtcNow() };
        }
    }

    private DriveOutcome Judged(DriveOutcome now, ProcessEnd end, TimeSpan lived, CancellationToken stop)
    {
        DriveOutcome ended = now with { ExitCode = end.ExitCode, At = time.GetUtcNow(), Error = null, Starts = 0 };
        say($"{place.Id}: ended with exit code {end.ExitCode}");
        switch (end.ExitCode)
        {
            case 0 or 3:
                return ended with { Final = true };
            case 1 when RunLock.HolderOf(place.Folder) is not null:
                return ended; // Somebody began it by hand meanwhile.
            case 1 or 2:
                return ended with { Final = true, Error = end.LastWords };
            case 130:
                return ended;
            default:
                if (stop.IsCancellationRequested)
                {
                    return ended;
                }

                int starts = lived > Lived ? 1 : now.Starts + 1;
                string error = $"its process ended with exit code {end.ExitCode} {(starts == 1 ? "" : $"{starts} times in a row, ")}without finishing: {end.LastWords}";
                return ended with { Starts = starts, Final = starts >= MostStarts, Error = error };
        }
    }

    private async Task<ProcessEnd> EndAsync(RunProcess process, RunRequest request, CancellationToken stop)
    {
        Task<ProcessEnd> end = process.EndAsync(CancellationToken.None);
        while (!end.IsCompleted && !stop.IsCancellationRequested && Submission.Request is { Wanted: true } now && now.Sequence == request.Sequence)
        {
            await Task.WhenAny(end, Task.Delay(RunDriver.Look, time, stop));
        }

        if (!end.IsCompleted)
        {
            // A terminal's Ctrl-C has reached the process too: let it say so first.
            await Task.WhenAny(end, Task.Delay(TimeSpan.FromMilliseconds(200), time, CancellationToken.None));
            process.AskToStop();
            await Task.WhenAny(end, Task.Delay(options.Grace, time, CancellationToken.None));
            if (!end.IsCompleted)
            {
                process.Kill();
            }
        }

        return await end;
    }

    // As it was submitted, also once it was begun: a process may be killed before it froze the spec. A run that was begun by hand has its frozen one alone.
    private IEnumerable<string> Arguments() => File.Exists(Submission.Spec)
        ? ["run", Submission.Spec, "--out", place.Folder.Path, .. options.Ledger is { } ledger && !place.Folder.HasRun ? ["--ledger", PostgresAddress.Parse(ledger).Shown] : Array.Empty<string>()]
        : ["run", place.Folder.Path];

    // The password goes by the environment: a command line is for everybody on the machine to read.
    private ChildCommand Command() => options.Ledger is { } ledger && PostgresAddress.Parse(ledger).PasswordVariable is { } password
        ? options.Command with { Environment = new Dictionary<string, string>(options.Command.Environment, StringComparer.Ordinal) { [password.Name] = password.Value } }
        : options.Command;
}
