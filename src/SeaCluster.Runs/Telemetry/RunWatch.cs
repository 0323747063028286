using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Runs.Ledgers.Sqlite;
using SeaCluster.Runs.Planning;

namespace SeaCluster.Runs.Telemetry;

/// <summary>
/// Looks at every run below a folder now and then, so that they can be told of as numbers without asking a ledger for each scrape. One process of a cluster does it
/// (the server, the trainer, or a run's own); workers tell only of themselves.
/// </summary>
public sealed class RunWatch : IAsyncDisposable
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    /// <summary>Runs that are told of at most, those at work before those that ended, the newest first: a label must not grow without end.</summary>
    public const int MostRuns = 200;

    // An ended run stays visible for so long.
    private static readonly TimeSpan s_lately = TimeSpan.FromDays(1);

    private readonly Dictionary<string, ILedger> _ledgers = new(StringComparer.Ordinal);
    private readonly PostgresAddress? _login;
    private readonly TimeProvider _time;
    private readonly ProcessHealth _health;
    private readonly TimeSpan _every;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _looking;
    private volatile IReadOnlyList<RunSnapshot> _runs = [];
    private long _looked;
    private bool _there;

    /// <param name="root">A run folder, or a folder of run folders.</param>
    /// <param name="ledger">How to log in to the database, where its address in the folders is not enough; null otherwise.</param>
    /// <param name="time">The clock.</param>
    /// <param name="health">Told whether ledgers answer.</param>
    /// <param name="every">How often to look; <see cref="Every"/> if null.</param>
    public RunWatch(string root, string? ledger, TimeProvider time, ProcessHealth health, TimeSpan? every = null)
    {
        Root = Path.GetFullPath(root);
        _login = ledger is null ? null : PostgresAddress.Parse(ledger);
        (_time, _health, _every) = (time, health, every ?? Every);
        _looked = time.GetTimestamp();
        _looking = LookOnAsync();
        RunInstruments.Add(this);
    }

    /// <summary>The folder that it watches.</summary>
    public string Root { get; }

    /// <summary>Time since it last looked with success.</summary>
    public TimeSpan Age => _time.GetElapsedTime(Volatile.Read(ref _looked));

    /// <summary>Run folders that could not be read at the last look.</summary>
    public int Unreadable { get; private set; }

    internal IReadOnlyList<RunSnapshot> Runs => _runs;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        RunInstruments.Remove(this);
        await _stop.CancelAsync();
        await _looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (ILedger ledger in _ledgers.Values)
        {
            await ledger.DisposeAsync();
        }

        _stop.Dispose();
    }

    /// <summary>Looks once. A ledger that does not answer leaves everything as it was; a run that cannot be read is left out and counted.</summary>
    /// <exception cref="SeaException">A database cannot be reached.</exception>
    public async Task LookAsync(CancellationToken cancel)
    {
        Dictionary<string, RunSnapshot> before = _runs.ToDictionary(run => run.Run, StringComparer.Ordinal);
        Dictionary<ILedger, Dictionary<string, RunRow>> rows = [];
        List<(RunRow Run, RunFolder Folder, ILedger Ledger)> found = [];
        DateTimeOffset oldest = _time.GetUtcNow() - s_lately;
        int unreadable = 0;
        if (_login is not null)
        {
            await RowsAsync(await OpenAsync(_login.Shown, async () => await PostgresLedger.OpenAsync(_login, create: false, cancel)), rows, cancel);
        }

        // Before a run begins there may be no folder yet; one that was there and is not has gone away with its runs.
        _there |= Directory.Exists(Root);
        foreach (RunFolder folder in (_there ? WorkerHost.Folders(Root, WorkerHost.Depth) : []).Where(folder => IsLive(folder, oldest)))
        {
            try
            {
                if (await FindAsync(folder, rows, cancel) is { } run && (run.Run.State == RunState.Running || run.Run.Updated > oldest))
                {
                    found.Add((run.Run, folder, run.Ledger));
                }
            }
            catch (SeaException error) when (error.InnerException is not LedgerAwayException)
            {
                unreadable++;
            }
        }

        List<RunSnapshot> now = [];
        foreach ((RunRow run, RunFolder folder, ILedger ledger) in found.OrderByDescending(each => each.Run.State == RunState.Running).ThenByDescending(each => each.Run.Updated).Take(MostRuns))
        {
            bool ended = run.State is RunState.Done or RunState.Partly;
            now.Add(ended && before.TryGetValue(run.Id, out RunSnapshot? same) && same.Updated == run.Updated ? same : await ReadAsync(run, folder, ledger, cancel));
        }

        await CloseAsync(rows.Keys);
        Unreadable = unreadable;
        _runs = now;
        Volatile.Write(ref _looked, _time.GetTimestamp());
    }

    // A file that nobody has written to for so long is an ended run's: it need not be opened to know that it is not told of.
    private static bool IsLive(RunFolder folder, DateTimeOffset oldest) =>
        !File.Exists(folder.Ledger) || new[] { folder.Ledger, folder.Ledger + "-wal" }.Any(file => File.GetLastWriteTimeUtc(file) > oldest.UtcDateTime);

    private async Task<(RunRow Run, ILedger Ledger)?> FindAsync(RunFolder folder, Dictionary<ILedger, Dictionary<string, RunRow>> rows, CancellationToken cancel)
    {
        (PostgresAddress Ledger, string Run)? known = RunLedger.InDatabase(folder);
        PostgresAddress? address = known is not { } database ? null : _login is not null && database.Ledger.IsSamePlace(_login) ? _login : database.Ledger;
        ILedger ledger = await OpenAsync(
            address?.Shown ?? folder.Ledger,
            async () => address is null ? SqliteLedger.Open(folder.Ledger, _time, create: false) : await PostgresLedger.OpenAsync(address, create: false, cancel));
        Dictionary<string, RunRow> all = await RowsAsync(ledger, rows, cancel);
        return (known is { } remembered ? all.GetValueOrDefault(remembered.Run) : all.Values.FirstOrDefault()) is { } run ? (run, ledger) : null;
    }

    private async Task CloseAsync(ICollection<ILedger> used)
    {
        foreach ((string place, ILedger ledger) in _ledgers.Where(each => !used.Contains(each.Value)).ToArray())
        {
            _ledgers.Remove(place);
            await ledger.DisposeAsync();
        }
    }

    private async Task LookOnAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await LookAsync(_stop.Token);
                _health.Started();
                _health.LookedAtFolder();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _health.LookedAtFolder(error.Message.TrimEnd('.'));
            }
            catch (SeaException error)
            {
                // Its age tells that it fails; the next look may succeed.
                _health.LedgerMissed(error.InnerException is LedgerAwayException ? error.Message : null);
            }

            _health.Beat();
            await Task.Delay(_every, _time, _stop.Token);
        }
    }

    private async Task<ILedger> OpenAsync(string place, Func<Task<ILedger>> open)
    {
        if (!_ledgers.TryGetValue(place, out ILedger? ledger))
        {
            _ledgers[place] = ledger = new MeteredLedger(await open(), _health);
        }

        return ledger;
    }

    private static async Task<Dictionary<string, RunRow>> RowsAsync(ILedger ledger, Dictionary<ILedger, Dictionary<string, RunRow>> rows, CancellationToken cancel)
    {
        if (!rows.TryGetValue(ledger, out Dictionary<string, RunRow>? all))
        {
            rows[ledger] = all = (await ledger.RunsAsync(cancel)).ToDictionary(run => run.Id, StringComparer.Ordinal);
        }

        return all;
    }

    private static async Task<RunSnapshot> ReadAsync(RunRow run, RunFolder folder, ILedger ledger, CancellationToken cancel)
    {
        RunPlan? plan = RunPlan.Find(folder);
        List<StageSnapshot> stages = [];
        Dictionary<string, double> figures = new(StringComparer.Ordinal);
        foreach (StageRow row in await ledger.StagesAsync(run.Id, cancel))
        {
            SampleCounts counts = await ledger.CountsAsync(run.Id, row.Stage, cancel);
            stages.Add(new StageSnapshot(row.Stage, row.State, row.Worked, counts.Total > 0 ? counts : null, StageNames.Parse(row.Stage) is { } name ? plan?.Of(name)?.Seconds : null));
            foreach ((string key, double value) in Numbers(row.Summary))
            {
                figures[key] = value;
            }
        }

        return new RunSnapshot(run.Id, run.State, run.Updated, stages) { Training = LastStep(folder.At("align.jsonl")), Figures = figures };
    }

    // Summaries are written by stages; what is no number is nothing to plot.
    private static IEnumerable<(string Key, double Value)> Numbers(string? summary) => summary is null || JsonNode.Parse(summary) is not JsonObject figures ? [] : figures
        .Where(figure => figure.Value?.GetValueKind() == JsonValueKind.Number)
        .Select(figure => (figure.Key, figure.Value!.GetValue<double>()));

    /// <summary>The last whole line of a training log; only the file's end is read.</summary>
    private static (int Step, double Loss)? LastStep(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Seek(-Math.Min(file.Length, 16 * 1024), SeekOrigin.End);
        using StreamReader reader = new(file);
        string text = reader.ReadToEnd();
        string[] lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0)
        {
            return null;
        }

        try
        {
            using JsonDocument last = JsonDocument.Parse(lines[^1]);
            return (last.RootElement.GetProperty("step").GetInt32(), last.RootElement.GetProperty("loss").GetDouble());
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
