using System.Diagnostics;
using SeaCluster.Models;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Coordination;

/// <summary>How a worker host works.</summary>
public sealed record WorkerHostOptions
{
    /// <summary>A run folder, or a folder that holds run folders, also those of studies; every worker and the runs' own processes reach it under a path of theirs.</summary>
    public required string Root { get; init; }

    /// <summary>Only runs of this database, and how to log in there; null: every run, each with the address that its folder remembers.</summary>
    public string? Ledger { get; init; }

    /// <summary>Options of the spec that differ on this machine, such as <c>model.device</c>; only operational ones.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Overrides { get; init; } = [];

    /// <summary>End when no run has a sample left, instead of waiting for more.</summary>
    public bool Once { get; init; }

    /// <summary>Told of every sign of life.</summary>
    public ProcessHealth Health { get; init; } = ProcessHealth.Current;
}

/// <summary>A sign of life of a worker host.</summary>
/// <param name="Folder">The run that it is about.</param>
public abstract record WorkerNotice(RunFolder Folder)
{
    /// <summary>It begins to work on a run's samples.</summary>
    public sealed record Joined(RunFolder Folder, string Run, StageName Stage) : WorkerNotice(Folder);

    /// <summary>What the work itself tells.</summary>
    public sealed record Told(RunFolder Folder, RunNotice Notice) : WorkerNotice(Folder);

    /// <summary>It is through with a run, for now or for good.</summary>
    public sealed record Left(RunFolder Folder, string Run, StageName Stage, WorkOutcome Outcome) : WorkerNotice(Folder);

    /// <summary>It cannot work on a run, and looks again later.</summary>
    public sealed record SetAside(RunFolder Folder, string Reason) : WorkerNotice(Folder);
}

/// <summary>
/// Works on the samples of every run below a folder, beside any number of others on any number of machines: what holds them together is the ledger alone.
/// It starts no run and ends none; that is the run's own process.
/// </summary>
/// <param name="options">What to work on.</param>
/// <param name="stages">The stages that are sets of samples.</param>
/// <param name="time">The clock.</param>
/// <param name="tell">Where signs of life go; called on any thread.</param>
public sealed class WorkerHost(WorkerHostOptions options, IReadOnlyList<SampleStage> stages, TimeProvider time, Action<WorkerNotice> tell) : IAsyncDisposable
{
    /// <summary>How often it looks for work while there is none.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    // A run that stands still is asked less often, and one that cannot be worked on here not at once again.
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_aside = TimeSpan.FromSeconds(30);
    internal const int Depth = 3;

    private readonly Dictionary<string, ILedger> _ledgers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _notBefore = new(StringComparer.Ordinal);
    private readonly PostgresAddress? _only = options.Ledger is null ? null : PostgresAddress.Parse(options.Ledger);
    private string? _away;

    /// <summary>Works until it is asked to end, or with <see cref="WorkerHostOptions.Once"/> until there is nothing to do.</summary>
    /// <param name="stop">Asks to end at once: unfinished samples are given back.</param>
    /// <param name="drain">Asks to finish what is in hand and to take no more.</param>
    /// <exception cref="SeaException">There is no such folder.</exception>
    public async Task RunAsync(CancellationToken stop, CancellationToken drain)
    {
        if (!Directory.Exists(options.Root))
        {
            throw new SeaException($"{options.Root}: no such folder", "name the folder that 'sea run --out' makes its folders in; every machine must reach it") { WrongUse = true };
        }

        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stop, drain);
        while (!ending.IsCancellationRequested)
        {
            bool worked = false;
            options.Health.Beat();
            await ProbeAsync(stop);
            foreach (RunFolder folder in Reachable().TakeWhile(_ => !ending.IsCancellationRequested))
            {
                worked |= Due(folder) && await VisitAsync(folder, stop, drain);
            }

            options.Health.Started();
            if (!worked && options.Once)
            {
                return;
            }

            if (!worked)
            {
                await Task.Delay(Look, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ILedger ledger in _ledgers.Values)
        {
            await ledger.DisposeAsync();
        }
    }

    // Whether the one database that was named can be reached shows before there is a run in it.
    private async Task ProbeAsync(CancellationToken stop)
    {
        RunFolder none = new(options.Root);
        if (_only is null || _ledgers.ContainsKey(_only.Shown) || !Due(none))
        {
            return;
        }

        try
        {
            await LedgerAsync(none, _only, stop);
            options.Health.LedgerAnswered();
        }
        catch (SeaException error)
        {
            Wait(none, s_aside);
            options.Health.LedgerMissed(error.Message);
            tell(new WorkerNotice.SetAside(none, error.Message));
        }
    }

    // A shared folder may be away for a while, as the ledger may.
    private IReadOnlyList<RunFolder> Reachable()
    {
        try
        {
            IReadOnlyList<RunFolder> folders = [.. Folders(options.Root, Depth)];
            _away = null;
            options.Health.LookedAtFolder();
            return folders;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = error.Message.TrimEnd('.');
            if (_away != reason)
            {
                tell(new WorkerNotice.SetAside(new RunFolder(options.Root), reason));
            }

            _away = reason;
            options.Health.LookedAtFolder(reason);
            return [];
        }
    }

    private bool Due(RunFolder folder) => !_notBefore.TryGetValue(folder.Path, out long at) || time.GetTimestamp() >= at;

    private void Wait(RunFolder folder, TimeSpan pause) => _notBefore[folder.Path] = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);

    /// <returns>Whether there was work.</returns>
    private async Task<bool> VisitAsync(RunFolder folder, CancellationToken stop, CancellationToken drain)
    {
        try
        {
            if (await FindAsync(folder, stop) is not { } found)
            {
                Wait(folder, s_pause);
                return false;
            }

            (SampleStage stage, RunContext context) = found;
            tell(new WorkerNotice.Joined(folder, context.Run, stage.Name));
            options.Health.Load(context.Spec.Work.Lease);
            using Activity? activity = await RunTrace.JoinAsync(context.Ledger, context.Run, stage.Name.Text(), stop);
            Activity.Current = activity ?? Activity.Current;
            WorkOutcome outcome = await stage.JoinAsync(context, stop, drain);
            tell(new WorkerNotice.Left(folder, context.Run, stage.Name, outcome));
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception error) when (error is SeaException or IOException or UnauthorizedAccessException)
        {
            Wait(folder, s_aside);
            tell(new WorkerNotice.SetAside(folder, error.Message));
            return false;
        }
    }

    // The stage that runs now and has a sample to give.
    private async Task<(SampleStage Stage, RunContext Context)?> FindAsync(RunFolder folder, CancellationToken stop)
    {
        (PostgresAddress? address, string? id) = RunLedger.InDatabase(folder) is { } known ? (known.Ledger, known.Run) : (null, null);
        if (_only is not null && address?.IsSamePlace(_only) != true)
        {
            return null;
        }

        ILedger ledger = await LedgerAsync(folder, _only ?? address, stop);
        RunRow? run = id is null ? (await ledger.RunsAsync(stop)).SingleOrDefault() : await ledger.RunAsync(id, stop);
        if (run is not { State: RunState.Running })
        {
            return null;
        }

        HashSet<string> running = [.. (await ledger.StagesAsync(run.Id, stop)).Where(row => row.State == StageState.Running).Select(row => row.Stage)];
        if (stages.FirstOrDefault(each => running.Contains(each.Name.Text())) is not { } stage
            || await ledger.NextAvailableAsync(run.Id, stage.Name.Text(), stop) is not { } next || next > await ledger.NowAsync(stop))
        {
            return null;
        }

        RunSpec spec = RunSession.SpecHere(run, folder, address?.Shown ?? folder.Ledger, options.Overrides);
        return (stage, RunMember.ContextOf(run, stage.Name, spec, folder, ledger, time, notice => tell(new WorkerNotice.Told(folder, notice))));
    }

    // One set of connections a database, however many runs it holds.
    private async Task<ILedger> LedgerAsync(RunFolder folder, PostgresAddress? address, CancellationToken stop)
    {
        string place = address?.Shown ?? folder.Ledger;
        if (!_ledgers.TryGetValue(place, out ILedger? ledger))
        {
            ILedger opened = address is null ? Ledgers.Sqlite.SqliteLedger.Open(folder.Ledger, time, create: false) : await PostgresLedger.OpenAsync(address, create: false, stop);
            _ledgers[place] = ledger = new PatientLedger(
                new MeteredLedger(opened, options.Health), time, (reason, gone) => tell(new WorkerNotice.Told(folder, new RunNotice.LedgerAway(reason, gone))), gone => tell(new WorkerNotice.Told(folder, new RunNotice.LedgerBack(gone))), stop);
        }

        return ledger;
    }

    internal static IEnumerable<RunFolder> Folders(string path, int depth)
    {
        RunFolder folder = new(path);
        if (folder.HasRun)
        {
            return [folder];
        }

        return depth == 0 ? [] : Directory.EnumerateDirectories(path).Where(below => Path.GetFileName(below)[0] != '.').Order(StringComparer.Ordinal).SelectMany(below => FoldersIn(below, depth - 1));
    }

    // Whoever removes a folder does not wait until nobody looks into it.
    private static IReadOnlyList<RunFolder> FoldersIn(string path, int depth)
    {
        try
        {
            return [.. Folders(path, depth)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
