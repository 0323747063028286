using System.Collections.Concurrent;
using SeaCluster.Models;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Driving;

/// <summary>How submitted runs are driven.</summary>
public sealed record DriverOptions
{
    /// <summary>The folder of run folders.</summary>
    public required string Root { get; init; }

    /// <summary>The database of new runs' ledgers; null is <c>ledger.db</c> in each run folder.</summary>
    public string? Ledger { get; init; }

    /// <summary>How the command is started.</summary>
    public required ChildCommand Command { get; init; }

    /// <summary>Runs driven at once.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>How long a run's process may take to stop before it is killed; it goes on from what it kept either way.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// Takes submitted runs in their order and drives each as a child process of the same command, so that a native crash ends one run's process only, and starts it again. Any number of drivers
/// may look at one root: a run belongs to the one that holds its lock, which the system frees when that process ends, however it ends.
/// </summary>
/// <param name="options">What to drive and how.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Where remarks go; called on any thread.</param>
public sealed class RunDriver(DriverOptions options, TimeProvider time, Action<string> say)
{
    internal static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Task> _driven = new(StringComparer.Ordinal);
    private string? _away;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Looks at once for what changed, instead of with the next look.</summary>
    public void Wake() => Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Drives until it is asked to stop; runs under way are then stopped, and the next driver goes on with them.</summary>
    /// <exception cref="SeaException">There is no such folder.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        if (!Directory.Exists(options.Root))
        {
            throw new SeaException($"{options.Root}: no such folder", "make it, or name the folder that 'sea serve' has") { WrongUse = true };
        }

        while (!stop.IsCancellationRequested)
        {
            ProcessHealth.Current.Beat();
            ProcessHealth.Current.Started();
            Task changed = Volatile.Read(ref _changed).Task;
            TryTakeWaiting(stop);
            await Task.WhenAny([changed, Task.Delay(Look, time, stop), .. _driven.Values]);
        }

        await Task.WhenAll(_driven.Values);
    }

    // A shared folder may be away for a while, as the ledger may.
    private void TryTakeWaiting(CancellationToken stop)
    {
        try
        {
            TakeWaiting(stop);
            _away = null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = error.Message.TrimEnd('.');
            if (_away != reason)
            {
                say($"{reason}; looking again");
            }

            _away = reason;
        }

        ProcessHealth.Current.LookedAtFolder(_away);
    }

    private void TakeWaiting(CancellationToken stop)
    {
        foreach ((string id, Task ended) in _driven.Where(each => each.Value.IsCompleted))
        {
            _driven.TryRemove(id, out _);
            if (ended.Exception?.InnerException is { } error)
            {
                say($"{id}: {error.Message}");
            }
        }

        if (_driven.Count >= options.Parallel)
        {
            return;
        }

        foreach (RunPlace place in Waiting())
        {
            if (_driven.Count >= options.Parallel)
            {
                return;
            }

            if (!_driven.ContainsKey(place.Id) && Claim.Take(place.Submission) is { } claim)
            {
                _driven[place.Id] = Task.Run(() => new DrivenRun(place, options, time, say).DriveAsync(claim, stop), CancellationToken.None);
            }
        }
    }

    private IEnumerable<RunPlace> Waiting()
    {
        List<(RunPlace Place, RunRequest Request)> found = [];
        foreach (RunPlace place in RunPlace.Below(options.Root).Where(place => place.Submission.Exists))
        {
            try
            {
                if (place.Submission.IsDue)
                {
                    found.Add((place, place.Submission.Request!));
                }
            }
            catch (SeaException error)
            {
                say($"{place.Id}: {error.Message}");
            }
        }

        return found.OrderBy(each => each.Request.Submitted).ThenBy(each => each.Place.Id, StringComparer.Ordinal).Select(each => each.Place);
    }
}

/// <summary>One process's hold on a submitted run.</summary>
internal sealed class Claim : IDisposable
{
    private readonly FileStream _held;

    private Claim(FileStream held) => _held = held;

    /// <summary>Takes it; null where another process has it.</summary>
    public static Claim? Take(Submission submission)
    {
        try
        {
            return new Claim(new FileStream(submission.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose() => _held.Dispose();
}
