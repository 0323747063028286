using System.Net.Sockets;
using Dapper;
using Npgsql;
using SeaCluster.Models;
using SeaCluster.Runs.Faults;

namespace SeaCluster.Runs.Ledgers.Postgres;

/// <summary>Connections to a ledger's schema: durable transactions, and errors that say what to do.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    // A transaction that the server ended so that another could go on, and which can simply be done again.
    private const int Repeats = 8;

    private readonly NpgsqlDataSource _source;

    public PostgresDatabase(PostgresAddress address)
    {
        Address = address;
        // The few statements of a ledger are read once a connection, not once a call.
        NpgsqlDataSourceBuilder builder = new(address.Connection) { ConnectionStringBuilder = { MaxAutoPrepare = 64, AutoPrepareMinUsages = 3 } };
        builder.UsePhysicalConnectionInitializer(
            connection => connection.Execute(Settings(address.Schema)),
            connection => connection.ExecuteAsync(Settings(address.Schema)));
        _source = builder.Build();
    }

    public PostgresAddress Address { get; }

    /// <summary>Runs <paramref name="work"/> in one transaction, which is durable when this returns.</summary>
    public Task<T> WriteAsync<T>(Func<PostgresSession, Task<T>> work, CancellationToken cancel) => GuardAsync(async () =>
    {
        await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancel);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
        PostgresSession session = new(connection, transaction, cancel);
        T result = await work(session);
        await session.AddEventsAsync();
        Fault.Reach(FaultPoint.Committing);
        // Whoever asked to stop may not be told that a write failed which did not.
        await transaction.CommitAsync(CancellationToken.None);
        Fault.Reach(FaultPoint.Committed);
        return result;
    });

    /// <summary>Asks one question.</summary>
    public Task<T> ReadAsync<T>(Func<PostgresSession, Task<T>> work, CancellationToken cancel) => GuardAsync(async () =>
    {
        await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancel);
        return await work(new PostgresSession(connection, null, cancel));
    });

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    // Durability is asked for whatever the server's default; a process that froze inside a transaction must not hold its locks for ever. Every question has an
    // index and every join is by a key, and the planner may not guess otherwise while a new table has no statistics, nor keep a plan from when the table was empty.
    private static string Settings(string schema) =>
        $"""
        SET search_path TO "{schema}"; SET synchronous_commit TO on; SET idle_in_transaction_session_timeout TO '15s'; SET client_min_messages TO warning;
        SET enable_seqscan TO off; SET enable_bitmapscan TO off; SET enable_hashjoin TO off; SET enable_mergejoin TO off; SET plan_cache_mode TO force_custom_plan
        """;

    private async Task<T> GuardAsync<T>(Func<Task<T>> work)
    {
        for (int again = 0; ; again++)
        {
            try
            {
                return await work();
            }
            catch (PostgresException error) when (again < Repeats && error.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure)
            {
                // Nothing of it happened.
            }
            catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException or IOException { InnerException: SocketException })
            {
                throw Explained(error);
            }
        }
    }

    private SeaException Explained(Exception error)
    {
        string said = Address.Clean(error is PostgresException { MessageText: { } text } ? text
            : error.InnerException is EndOfStreamException or IOException { InnerException: SocketException } ? "the connection was cut"
            : error.InnerException is { } cause and not PostgresException ? $"{error.Message}: {cause.Message}" : error.Message);
        return error switch
        {
            PostgresException { SqlState: "28P01" or "28000" } => New($"the database refuses the login: {said}", "check the user and the password (PGPASSWORD, or a PGPASSFILE); the server's pg_hba.conf must let this machine in"),
            PostgresException { SqlState: "3D000" } => New($"there is no such database: {said}", "create it: createdb, or CREATE DATABASE"),
            PostgresException { SqlState: "42501" } => New($"the database user may not do this: {said}", $"the user must own the schema: CREATE SCHEMA {Address.Schema} AUTHORIZATION the user"),
            PostgresException { SqlState: "53100" } => New("no space left for the ledger on the database's disk", "free some space; workers wait meanwhile and go on", away: true),
            PostgresException { SqlState: "25006" } => New("the database takes no writes: it is a standby", "give the primary's address, or both: the one that writes is needed", away: true),
            PostgresException { SqlState: "22021" } => New($"a text cannot be stored: {said}", "remove characters of code 0 from the rows"),
            PostgresException { SqlState: "3F000" or "42P01" } => New("there is no ledger", PostgresMigrations.NoLedgerHint),
            PostgresException { SqlState: [.. var kind, _, _, _] } when kind is "08" or "53" or "57" or "58" => New($"the database is not there just now: {said}", AwayHint, away: true),
            PostgresException { IsTransient: true } => New($"the database is not there just now: {said}", AwayHint, away: true),
            PostgresException => New($"the ledger failed: {said}", null),
            _ => New($"the database cannot be reached: {said}", AwayHint, away: true),
        };

        SeaException New(string what, string? hint, bool away = false) => new($"{Address.Shown}: {what}", hint, away ? new LedgerAwayException(said, error) : error);
    }

    private const string AwayHint = "check that PostgreSQL runs and that the address, the network and the server's listen_addresses are right; what was acknowledged is kept";
}

/// <summary>One transaction, or one question.</summary>
internal sealed class PostgresSession(NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken cancel)
{
    private readonly List<(string Run, NewEvent Added)> _events = [];

    public Task<int> ExecuteAsync(string sql, object? values = null) => connection.ExecuteAsync(Command(sql, values));

    public async Task<List<T>> QueryAsync<T>(string sql, object? values = null) => (await connection.QueryAsync<T>(Command(sql, values))).AsList();

    public Task<T?> FirstAsync<T>(string sql, object? values = null) => connection.QueryFirstOrDefaultAsync<T?>(Command(sql, values));

    /// <summary>Appends an event at the end of this transaction: its number is taken last, with every other lock held, so that two transactions cannot wait for each other.</summary>
    public void Add(string run, NewEvent added) => _events.Add((run, added));

    public async Task AddEventsAsync()
    {
        foreach (IGrouping<string, (string Run, NewEvent Added)> group in _events.GroupBy(entry => entry.Run, StringComparer.Ordinal))
        {
            NewEvent[] added = [.. group.Select(entry => entry.Added)];
            await ExecuteAsync(
                """
                WITH counted AS (UPDATE event_counters SET last = last + @count WHERE run = @run RETURNING last)
                INSERT INTO events (run, sequence, at, kind, stage, sample, detail)
                SELECT @run, counted.last - @count + added.number, (SELECT sea_now()), added.kind, added.stage, added.sample, added.detail
                FROM counted, unnest(@kinds, @stages, @samples, @details) WITH ORDINALITY AS added (kind, stage, sample, detail, number)
                """,
                new
                {
                    run = group.Key,
                    count = added.Length,
                    kinds = added.Select(each => each.Kind).ToArray(),
                    stages = added.Select(each => each.Stage).ToArray(),
                    samples = added.Select(each => each.Sample).ToArray(),
                    details = added.Select(each => PostgresText.Storable(each.Detail)).ToArray(),
                });
        }
    }

    private CommandDefinition Command(string sql, object? values) => new(sql, values, transaction, cancellationToken: cancel);
}

/// <summary>Texts that a program or a model made.</summary>
internal static class PostgresText
{
    /// <summary>PostgreSQL stores every character but that of code 0.</summary>
    public static string? Storable(string? text) => text?.Replace('\0', '\uFFFD');
}
