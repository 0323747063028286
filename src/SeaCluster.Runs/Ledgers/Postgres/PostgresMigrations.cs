using SeaCluster.Models;

namespace SeaCluster.Runs.Ledgers.Postgres;

/// <summary>Brings a ledger's schema up to date: one process at a time, in one transaction.</summary>
internal static class PostgresMigrations
{
    /// <summary>What to do about a database that holds no ledger.</summary>
    public const string NoLedgerHint = "where it was lost, restore its backup; 'sea migrate --ledger URL' makes an empty one";

    // Held by who changes a schema, so that of many workers that start at once one does it and the others find it done.
    private const long Turn = 0x53454131;

    private static readonly IReadOnlyList<Migration> All = LedgerMigrations.Of("Postgres");

    /// <summary>Applies what is missing.</summary>
    /// <param name="database">Where.</param>
    /// <param name="create">Whether to make a ledger where there is none.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="SeaException">There is none, another program's tables are there, or a newer version wrote it.</exception>
    public static async Task ApplyAsync(PostgresDatabase database, bool create, CancellationToken cancel)
    {
        string ledger = database.Address.Shown, schema = database.Address.Schema;
        int have = await database.ReadAsync(session => VersionAsync(session, ledger, schema, create), cancel);
        if (have == All[^1].Version)
        {
            return;
        }

        await database.WriteAsync(
            async session =>
            {
                await session.ExecuteAsync("SELECT pg_advisory_xact_lock(@Turn)", new { Turn });
                int version = await VersionAsync(session, ledger, schema, create);
                if (version == 0)
                {
                    // Asked first: IF NOT EXISTS wants the right to make schemas from a user who needs none.
                    if (!await session.FirstAsync<bool>("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = @schema)", new { schema }))
                    {
                        await session.ExecuteAsync($"CREATE SCHEMA \"{schema}\"");
                    }

                    await session.ExecuteAsync("CREATE TABLE migrations (version integer NOT NULL PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL)");
                }

                foreach (Migration migration in All.Where(migration => migration.Version > version))
                {
                    await session.ExecuteAsync(migration.Sql);
                    await session.ExecuteAsync("INSERT INTO migrations (version, name, applied_at) VALUES (@Version, @Name, sea_now())", new { migration.Version, migration.Name });
                }

                return true;
            },
            cancel);
    }

    private static async Task<int> VersionAsync(PostgresSession session, string ledger, string schema, bool create)
    {
        List<string> tables = await session.QueryAsync<string>("SELECT tablename::text FROM pg_catalog.pg_tables WHERE schemaname = @schema", new { schema });
        if (tables.Contains("migrations"))
        {
            int version = await session.FirstAsync<int>("SELECT coalesce(max(version), 0) FROM migrations");
            LedgerMigrations.RefuseNewer(ledger, version, All);
            return version;
        }

        return tables.Count > 0 ? throw new SeaException($"{ledger}: the schema '{schema}' holds tables of another program, not a ledger", "give another: ?schema=NAME")
            : create ? 0
            : throw new SeaException($"{ledger}: there is no ledger in the schema '{schema}'", NoLedgerHint);
    }
}
