using SeaCluster.Models;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Runs.Ledgers.Sqlite;

namespace SeaCluster.Server.Runs;

/// <summary>The ledgers of the runs below a root, each opened once: a database however many runs it holds, and of the files those that were asked last.</summary>
/// <param name="given">The database of new runs, and how to log in there; null where each folder has its file.</param>
/// <param name="time">The clock of ledgers in files.</param>
public sealed class RunLedgers(string? given, TimeProvider time) : IAsyncDisposable
{
    private const int MostOpen = 64;

    private readonly PostgresAddress? _given = given is null ? null : PostgresAddress.Parse(given);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<string, ILedger> _databases = new(StringComparer.Ordinal);
    private readonly LinkedList<OpenFile> _files = new();

    /// <summary>Asks the ledger of a folder's run; the default where no run was begun there.</summary>
    /// <exception cref="SeaException">The ledger cannot be used.</exception>
    public async Task<T?> AskAsync<T>(RunFolder folder, Func<ILedger, RunRow, Task<T>> question, CancellationToken cancel)
    {
        if (!folder.HasRun)
        {
            return default;
        }

        if (RunLedger.InDatabase(folder) is { } known)
        {
            ILedger database = await DatabaseAsync(known.Ledger, cancel);
            return await database.RunAsync(known.Run, cancel) is { } run ? await question(database, run) : default;
        }

        // A file's ledger is one connection, which takes one question at a time anyway; the turn keeps it open meanwhile.
        await _turn.WaitAsync(cancel);
        try
        {
            ILedger file = await FileAsync(folder.Ledger);
            return (await file.RunsAsync(cancel)).SingleOrDefault() is { } run ? await question(file, run) : default;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ILedger ledger in _databases.Values.Concat(_files.Select(open => open.Ledger)))
        {
            await ledger.DisposeAsync();
        }

        _turn.Dispose();
    }

    private async Task<ILedger> DatabaseAsync(PostgresAddress address, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            if (!_databases.TryGetValue(address.Shown, out ILedger? ledger))
            {
                _databases[address.Shown] = ledger = await PostgresLedger.OpenAsync(_given?.IsSamePlace(address) == true ? _given : address, create: false, cancel);
            }

            return ledger;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<ILedger> FileAsync(string path)
    {
        // A folder that was deleted and begun anew holds another file under the same name.
        DateTime born = File.GetCreationTimeUtc(path);
        if (_files.FirstOrDefault(open => open.Path == path) is { } found)
        {
            _files.Remove(found);
            if (found.Born == born)
            {
                _files.AddFirst(found);
                return found.Ledger;
            }

            await found.Ledger.DisposeAsync();
        }

        SqliteLedger opened = SqliteLedger.Open(path, time, create: false);
        _files.AddFirst(new OpenFile(path, born, opened));
        if (_files.Count > MostOpen)
        {
            ILedger oldest = _files.Last!.Value.Ledger;
            _files.RemoveLast();
            await oldest.DisposeAsync();
        }

        return opened;
    }

    private sealed record OpenFile(string Path, DateTime Born, ILedger Ledger);
}
