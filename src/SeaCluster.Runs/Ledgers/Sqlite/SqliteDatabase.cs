using Dapper;
using Microsoft.Data.Sqlite;
using SeaCluster.Models;
using SeaCluster.Runs.Faults;

namespace SeaCluster.Runs.Ledgers.Sqlite;

/// <summary>One connection to a ledger file: durable transactions one after the other, and errors that say what to do.</summary>
internal sealed class SqliteDatabase : IAsyncDisposable
{
    // 'SEA1': tells a ledger from other programs' SQLite files.
    private const long ApplicationId = 0x53454131;

    // Primary result codes of sqlite3.h.
    private const int ReadOnly = 8;
    private const int CannotOpen = 14;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SqliteConnection _connection;

    private SqliteDatabase(string path, SqliteConnection connection)
    {
        Path = path;
        _connection = connection;
    }

    public string Path { get; }

    /// <param name="path">The file.</param>
    /// <param name="create">
    /// Whether to create it where there is none, and to look for damage: for who is about to write. Without it a ledger that cannot be written is opened to be read.
    /// </param>
    /// <param name="busy">How long to wait for other processes' transactions.</param>
    /// <param name="time">For the migrations' dates.</param>
    public static SqliteDatabase Open(string path, bool create, TimeSpan busy, TimeProvider time)
    {
        if (!create && !File.Exists(path))
        {
            throw new SeaException($"{path}: there is no ledger", "is this a run folder? 'sea run SPEC --out DIR' makes one");
        }

        try
        {
            return OpenToWrite(path, create, busy, time);
        }
        catch (SeaException error) when (!create && error.InnerException is SqliteException { SqliteErrorCode: ReadOnly or CannotOpen })
        {
            return OpenToRead(path, busy);
        }
    }

    private static SqliteDatabase OpenToWrite(string path, bool create, TimeSpan busy, TimeProvider time)
    {
        SqliteConnection connection = Connection(path, create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite, busy);
        SqliteDatabase database = new(path, connection);
        try
        {
            database.Guard(() =>
            {
                connection.Open();
                connection.Execute($"PRAGMA busy_timeout = {(long)busy.TotalMilliseconds}");
                database.RefuseForeignFile(check: create);
                if (connection.ExecuteScalar<string>("PRAGMA journal_mode") != "wal")
                {
                    connection.Execute("PRAGMA journal_mode = WAL");
                }

                connection.Execute("PRAGMA synchronous = FULL");
                if (!SqliteMigrations.IsCurrent(path, connection))
                {
                    using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
                    connection.Execute($"PRAGMA application_id = {ApplicationId}", transaction: transaction);
                    SqliteMigrations.Apply(path, connection, transaction, time);
                    transaction.Commit();
                }

                return true;
            });
            return database;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // A reader of a write-ahead log shares an index with writers in a file beside it. Where that cannot be made, a log that was left is read with an index in
    // memory, and a ledger without one as a file that nobody changes.
    private static SqliteDatabase OpenToRead(string path, TimeSpan busy)
    {
        bool log = File.Exists(path + "-wal") && new FileInfo(path + "-wal").Length > 0;
        string source = log ? path : $"file:{Uri.EscapeDataString(System.IO.Path.GetFullPath(path)).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1";
        SqliteConnection connection = Connection(source, SqliteOpenMode.ReadOnly, busy);
        SqliteDatabase database = new(path, connection);
        try
        {
            database.Guard(() =>
            {
                connection.Open();
                database.RefuseForeignFile(check: false);
                return SqliteMigrations.IsCurrent(path, connection) ? true : throw new SeaException(
                    $"{path}: an older version wrote the ledger, and its folder cannot be written to bring it up to date", ElsewhereHint);
            });
            return database;
        }
        catch (SeaException error) when (log && error.InnerException is SqliteException { SqliteErrorCode: CannotOpen })
        {
            connection.Dispose();
            throw new SeaException($"{path}: its last entries lie in {System.IO.Path.GetFileName(path)}-wal, which cannot be read in a folder that cannot be written", ElsewhereHint, error);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static SqliteConnection Connection(string source, SqliteOpenMode mode, TimeSpan busy) => new(new SqliteConnectionStringBuilder
    {
        DataSource = source,
        Mode = mode,
        Pooling = false,
        DefaultTimeout = Math.Max(1, (int)busy.TotalSeconds),
        ForeignKeys = true,
    }.ToString());

    /// <summary>Runs <paramref name="work"/> in one transaction that holds the write lock from its start, and is durable when this returns.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, SqliteTransaction, T> work, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return Guard(() =>
            {
                using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
                T result = work(_connection, transaction);
                Fault.Reach(FaultPoint.Committing);
                transaction.Commit();
                Fault.Reach(FaultPoint.Committed);
                return result;
            });
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Runs <paramref name="work"/> on one consistent view.</summary>
    public async Task<T> ReadAsync<T>(Func<SqliteConnection, SqliteTransaction, T> work, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return Guard(() =>
            {
                using SqliteTransaction transaction = _connection.BeginTransaction(deferred: true);
                return work(_connection, transaction);
            });
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        await _connection.DisposeAsync();
        _turn.Dispose();
    }

    private void RefuseForeignFile(bool check)
    {
        long tables = _connection.ExecuteScalar<long>("SELECT count(*) FROM sqlite_schema");
        if (tables > 0 && _connection.ExecuteScalar<long>("PRAGMA application_id") != ApplicationId)
        {
            throw new SeaException($"{Path}: is an SQLite file of another program, not a ledger", "choose another folder");
        }

        // Reads the whole file, so only for those who are about to write.
        if (check && _connection.ExecuteScalar<string>("PRAGMA quick_check(1)") is { } found && found != "ok")
        {
            throw new SeaException($"{Path}: the ledger is damaged: {found}", DamagedHint);
        }
    }

    private const string ElsewhereHint = "copy the whole folder to where you may write, and look there";

    private const string DamagedHint =
        "restore ledger.db (with its -wal file) from a backup; without one, start again in a new folder: a new run recomputes, it never trusts a damaged ledger";

    private T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException error)
        {
            throw error.SqliteErrorCode switch
            {
                5 or 6 => new SeaException($"{Path}: another process held the ledger for too long", "look for a process that is stopped in the middle of a write", error),
                ReadOnly => new SeaException($"{Path}: the ledger cannot be written: {error.Message}", "check the file's and folder's permissions", error),
                10 => new SeaException($"{Path}: the disk failed under the ledger: {error.Message}", "what was acknowledged before is kept; run again when the disk is well", error),
                11 => new SeaException($"{Path}: the ledger is damaged: {error.Message}", DamagedHint, error),
                13 => new SeaException($"{Path}: no space left for the ledger", "free some space and run again: the run goes on where it stopped", error),
                CannotOpen => new SeaException($"{Path}: cannot open the ledger: {error.Message}", "check that the folder exists and can be written", error),
                26 => new SeaException($"{Path}: is not a ledger (not an SQLite file)", DamagedHint, error),
                _ => new SeaException($"{Path}: the ledger failed: {error.Message}", inner: error),
            };
        }
    }
}
