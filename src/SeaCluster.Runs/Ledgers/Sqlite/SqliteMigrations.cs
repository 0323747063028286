using System.Globalization;
using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;
using SeaCluster.Models;

namespace SeaCluster.Runs.Ledgers.Sqlite;

/// <summary>Brings a ledger's schema up to date: numbered SQL files, each applied once, in order.</summary>
internal static class SqliteMigrations
{
    private const string Folder = "SeaCluster.Runs.Ledgers.Sqlite.Migrations.";

    /// <summary>Number, name and text of every migration.</summary>
    public static IReadOnlyList<(int Version, string Name, string Sql)> All { get; } = Load();

    /// <summary>Whether nothing is to be done.</summary>
    /// <exception cref="SeaException">The ledger has a migration that this program does not know.</exception>
    public static bool IsCurrent(string path, SqliteConnection connection) => VersionOf(path, connection, null) == All[^1].Version;

    /// <summary>Applies what is missing.</summary>
    public static void Apply(string path, SqliteConnection connection, SqliteTransaction transaction, TimeProvider time)
    {
        connection.Execute(
            "CREATE TABLE IF NOT EXISTS migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
            transaction: transaction);
        int have = VersionOf(path, connection, transaction);
        foreach ((int version, string name, string sql) in All.Where(migration => migration.Version > have))
        {
            connection.Execute(sql, transaction: transaction);
            connection.Execute(
                "INSERT INTO migrations (version, name, applied_at) VALUES (@version, @name, @now)",
                new { version, name, now = time.GetUtcNow().ToUnixTimeMilliseconds() },
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
        int newest = All[^1].Version;
        return have <= newest
            ? have
            : throw new SeaException(
                string.Create(CultureInfo.InvariantCulture, $"{path}: the ledger has schema version {have}, this program knows up to {newest}: a newer version wrote it"),
                "use that version or a newer one");
    }

    private static List<(int, string, string)> Load()
    {
        Assembly assembly = typeof(SqliteMigrations).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(resource =>
            {
                using StreamReader reader = new(assembly.GetManifestResourceStream(resource)!);
                string name = resource[Folder.Length..];
                return (int.Parse(name[..4], CultureInfo.InvariantCulture), name, reader.ReadToEnd());
            })];
    }
}
