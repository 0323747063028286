using Dapper;
using Microsoft.Data.Sqlite;

namespace SeaCluster.Runs.Ledgers.Sqlite;

/// <summary>Brings a ledger file's schema up to date.</summary>
internal static class SqliteMigrations
{
    private static readonly IReadOnlyList<Migration> All = LedgerMigrations.Of("Sqlite");

    /// <summary>Whether nothing is to be done.</summary>
    /// <exception cref="Models.SeaException">The ledger has a migration that this program does not know.</exception>
    public static bool IsCurrent(string path, SqliteConnection connection) => VersionOf(path, connection, null) == All[^1].Version;

    /// <summary>Applies what is missing.</summary>
    public static void Apply(string path, SqliteConnection connection, SqliteTransaction transaction, TimeProvider time)
    {
        connection.Execute(
            "CREATE TABLE IF NOT EXISTS migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
            transaction: transaction);
        int have = VersionOf(path, connection, transaction);
        foreach (Migration migration in All.Where(migration => migration.Version > have))
        {
            connection.Execute(migration.Sql, transaction: transaction);
            connection.Execute(
                "INSERT INTO migrations (version, name, applied_at) VALUES (@Version, @Name, @now)",
                new { migration.Version, migration.Name, now = time.GetUtcNow().ToUnixTimeMilliseconds() },
                transaction);
        }
    }

    private static int VersionOf(string path, SqliteConnection connection, SqliteTransaction? transaction)
    {
        if (connection.ExecuteScalar<long>("SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'", transaction: transaction) == 0)
        {
            return 0;
        }

        int have = connection.ExecuteScalar<int>("SELECT coalesce(max(version), 0) FROM migrations", transaction: transaction);
        LedgerMigrations.RefuseNewer(path, have, All);
        return have;
    }
}
