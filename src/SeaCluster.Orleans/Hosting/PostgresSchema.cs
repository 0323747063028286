using Npgsql;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers.Postgres;

namespace SeaCluster.Orleans.Hosting;

/// <summary>Orleans' tables in a PostgreSQL schema: what its ADO.NET providers ask for.</summary>
internal static class PostgresSchema
{
    // One silo at a time makes the tables; any number, of programs of our own only.
    private const long Turn = 0x5EA_0C_1E5;

    /// <summary>What the providers connect with.</summary>
    public static string ConnectionTo(PostgresAddress address) => new NpgsqlConnectionStringBuilder(address.Connection)
    {
        SearchPath = address.Schema,
        // The providers' parameters have no types of ours: a statement that was prepared for one type must not meet another.
        MaxAutoPrepare = 0,
        NoResetOnClose = false,
        // Every silo has so many, and a server allows a hundred unless told otherwise; what finds none free waits.
        MaxPoolSize = 8,
    }.ConnectionString;

    /// <summary>Makes the schema and what is missing in it; tables that are there stay as they are.</summary>
    /// <exception cref="SeaException">The database cannot be reached or refuses it.</exception>
    public static async Task CreateAsync(PostgresAddress address, CancellationToken cancel)
    {
        try
        {
            await using NpgsqlConnection connection = new(ConnectionTo(address));
            await connection.OpenAsync(cancel);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancel);
            await RunAsync($"SELECT pg_advisory_xact_lock({Turn}); CREATE SCHEMA IF NOT EXISTS {address.Schema};");
            foreach (string part in (string[])["membership", "storage", "reminders"])
            {
                await RunAsync(await TextAsync(part, cancel));
            }

            await transaction.CommitAsync(cancel);

            async Task RunAsync(string sql)
            {
                await using NpgsqlCommand command = new(sql, connection, transaction);
                await command.ExecuteNonQueryAsync(cancel);
            }
        }
        catch (NpgsqlException error)
        {
            throw new SeaException($"{address.Shown}: cannot make the cluster's tables: {error.Message}", "check the address, the password (PGPASSWORD or PGPASSFILE) and that the role may create a schema", error);
        }
    }

    private static async Task<string> TextAsync(string part, CancellationToken cancel)
    {
        using StreamReader reader = new(typeof(PostgresSchema).Assembly.GetManifestResourceStream($"SeaCluster.Orleans.Hosting.Postgres.{part}.sql")!);
        return await reader.ReadToEndAsync(cancel);
    }
}
