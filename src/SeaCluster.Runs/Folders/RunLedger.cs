using System.Text.Encodings.Web;
using System.Text.Json;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Runs.Ledgers.Sqlite;

namespace SeaCluster.Runs.Folders;

/// <summary>
/// The ledger of a run folder: <c>ledger.db</c> beside the run's files, or a PostgreSQL database that holds many runs. Then <c>ledger.json</c> says which database and which
/// run, without a password: that comes from PGPASSWORD, PGPASSFILE or the address given.
/// </summary>
public sealed class RunLedger : IAsyncDisposable
{
    // People read and mend this file: & is &.
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly RunFolder _folder;
    private readonly PostgresAddress? _address;
    private readonly string? _run;

    private RunLedger(RunFolder folder, ILedger ledger, PostgresAddress? address, string? run)
    {
        _folder = folder;
        _address = address;
        _run = run;
        Ledger = ledger;
    }

    /// <summary>The ledger.</summary>
    public ILedger Ledger { get; }

    /// <summary>Whether it is a database, which workers on any machine may use too.</summary>
    public bool Shared => _address is not null;

    /// <summary>Where it is, for messages: a path, or an address without a password.</summary>
    public string Shown => _address?.Shown ?? _folder.Ledger;

    /// <summary>Opens the ledger that a folder's run has; for a folder without a run, the given one.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="given">An address (<c>postgres://...</c>); null is what the folder has, or <c>ledger.db</c>.</param>
    /// <param name="create">Whether to make one where there is none.</param>
    /// <param name="time">The clock of a ledger in a file.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="SeaException">The run has another ledger than the given one, or its ledger cannot be used.</exception>
    public static async Task<RunLedger> OpenAsync(RunFolder folder, string? given, bool create, TimeProvider time, CancellationToken cancel = default)
    {
        PostgresAddress? asked = given is null ? null : PostgresAddress.Parse(given);
        Remembered? known = Remembered.In(folder);
        if (known is { Ledger: var address })
        {
            RefuseOther(folder, address.Shown, asked is null || asked.IsSamePlace(address), asked);
            asked ??= address;
        }
        else
        {
            RefuseOther(folder, Path.GetFileName(folder.Ledger), asked is null || !File.Exists(folder.Ledger), asked);
        }

        return new RunLedger(
            folder,
            asked is null ? SqliteLedger.Open(folder.Ledger, time, create) : await PostgresLedger.OpenAsync(asked, create && known is null, cancel),
            asked,
            known?.Run);
    }

    /// <summary>The database and the run in it that a folder remembers; null where its ledger is a file.</summary>
    /// <exception cref="SeaException">What it remembers cannot be read.</exception>
    public static (PostgresAddress Ledger, string Run)? InDatabase(RunFolder folder) => Remembered.In(folder) is { } known ? (known.Ledger, known.Run) : null;

    /// <summary>The folder's run; null where none was recorded yet.</summary>
    /// <exception cref="SeaException">The ledger lacks a run that was begun, or is not this folder's.</exception>
    public async Task<RunRow?> FindRunAsync(CancellationToken cancel = default)
    {
        if (_address is null)
        {
            IReadOnlyList<RunRow> runs = await Ledger.RunsAsync(cancel);
            return runs.Count <= 1 ? runs.SingleOrDefault() : throw new SeaException($"{Shown}: holds {runs.Count} runs, expected one: it is not a run folder's ledger");
        }

        RunRow? run = _run is null ? null : await Ledger.RunAsync(_run, cancel);
        return run is null && File.Exists(_folder.Spec)
            ? throw new SeaException($"{Shown}: does not hold the run {_run}, which was begun in {_folder.Path}", "restore the database from its backup, or give another --out for a new run")
            : run;
    }

    /// <summary>Says in the folder which run of the ledger is its own. Done before the run is recorded, so that no recorded run is without a folder.</summary>
    /// <returns>The run's id: the one given, or one that a killed start wrote down before.</returns>
    public string Remember(string run)
    {
        if (_address is null || _run is not null)
        {
            return _run ?? run;
        }

        AtomicFile.WriteAllText(_folder.LedgerAddress, JsonSerializer.Serialize(new { ledger = _address.Shown, run }, Json) + "\n");
        return run;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Ledger.DisposeAsync();

    private static void RefuseOther(RunFolder folder, string has, bool same, PostgresAddress? asked)
    {
        if (!same)
        {
            throw new SeaException(
                $"{folder.Path}: the run's ledger is {has}, not {asked}",
                $"a run stays with its ledger: leave --ledger out, or give another --out for a new run; where the database moved, say so in {folder.LedgerAddress}") { WrongUse = true };
        }
    }

    private sealed record Remembered(PostgresAddress Ledger, string Run)
    {
        public static Remembered? In(RunFolder folder)
        {
            if (!File.Exists(folder.LedgerAddress))
            {
                return null;
            }

            try
            {
                using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(folder.LedgerAddress));
                return new Remembered(PostgresAddress.Parse(document.RootElement.GetProperty("ledger").GetString()!), document.RootElement.GetProperty("run").GetString()!);
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentNullException or SeaException)
            {
                throw new SeaException($"{folder.LedgerAddress}: expected {{\"ledger\": \"postgres://...\", \"run\": \"ID\"}}: {error.Message}", "mend it, or take it from a backup of the folder", error);
            }
        }
    }
}
