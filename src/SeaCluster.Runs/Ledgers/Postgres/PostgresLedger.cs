using System.Collections.Concurrent;

namespace SeaCluster.Runs.Ledgers.Postgres;

/// <summary>
/// The ledger in a schema of a PostgreSQL database (15 or newer), for any number of workers on any number of machines. Its clock is the database's. Workers lease with
/// <c>FOR UPDATE SKIP LOCKED</c> and so do not wait for each other; every commit is synced to the disk.
/// </summary>
public sealed partial class PostgresLedger : ILedger
{
    private readonly PostgresDatabase _database;
    private readonly ConcurrentDictionary<(string Run, string Stage), int> _queues = new();

    // Up to where this ledger has leased a queue's pending samples; 0 where it must look from the start.
    private readonly ConcurrentDictionary<int, long> _fronts = new();

    // When this ledger last looked for what is overdue in a queue.
    private readonly ConcurrentDictionary<int, long> _looked = new();

    private PostgresLedger(PostgresDatabase database) => _database = database;

    /// <summary>
    /// How often a lease call looks for samples whose lease ran out, or whose wait after a failure is over, before it takes new ones. In between it finds them when nothing new is left.
    /// </summary>
    public TimeSpan OverdueEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Opens a ledger, brought up to this version's schema.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="create">Whether to make one where there is none.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="Models.SeaException">It cannot be reached, is missing, another program's, or was written by a newer version.</exception>
    public static async Task<PostgresLedger> OpenAsync(PostgresAddress address, bool create = true, CancellationToken cancel = default)
    {
        PostgresDatabase database = new(address);
        try
        {
            await PostgresMigrations.ApplyAsync(database, create, cancel);
            return new PostgresLedger(database);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<DateTimeOffset> NowAsync(CancellationToken cancel = default) =>
        _database.ReadAsync(async session => Moment.Of(await session.FirstAsync<long>("SELECT sea_now()")), cancel);

    /// <inheritdoc/>
    public Task CreateRunAsync(NewRun run, CancellationToken cancel = default) => _database.WriteAsync(
        async session =>
        {
            int added = await session.ExecuteAsync(
                """
                INSERT INTO runs (id, name, spec, spec_hash, inputs, state, created_at, updated_at)
                SELECT @Id, @Name, @Spec, @SpecHash, @Inputs, 'pending', now.at, now.at FROM (SELECT sea_now() AS at) AS now ON CONFLICT (id) DO NOTHING
                """,
                new { run.Id, run.Name, run.Spec, run.SpecHash, run.Inputs });
            if (added > 0)
            {
                await session.ExecuteAsync("INSERT INTO event_counters (run) VALUES (@Id)", new { run.Id });
                session.Add(run.Id, new NewEvent("run_created"));
            }

            return added;
        },
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunRow>> RunsAsync(CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<RunRow>>(
        async session => [.. (await session.QueryAsync<RunRecord>($"{RunRecord.Select} ORDER BY created_at, id")).Select(row => row.ToRow())],
        cancel);

    /// <inheritdoc/>
    public Task<RunRow?> RunAsync(string run, CancellationToken cancel = default) => _database.ReadAsync(
        async session => (await session.FirstAsync<RunRecord>($"{RunRecord.Select} WHERE id = @run", new { run }))?.ToRow(),
        cancel);

    /// <inheritdoc/>
    public Task<bool> MoveRunAsync(string run, RunState from, RunState to, string? message = null, long? version = null, CancellationToken cancel = default) => _database.WriteAsync(
        async session =>
        {
            StandRecord? stand = await session.FirstAsync<StandRecord>("SELECT state AS State, version AS Version FROM runs WHERE id = @run FOR UPDATE", new { run });
            if ((stand ?? new StandRecord()).Answer(LedgerText.Of(from), LedgerText.Of(to), version) is { } answer)
            {
                return answer;
            }

            await session.ExecuteAsync(
                "UPDATE runs SET state = @state, version = version + 1, message = @message, updated_at = sea_now() WHERE id = @run", new { run, state = LedgerText.Of(to), message = PostgresText.Storable(message) });
            session.Add(run, new NewEvent($"run_{LedgerText.Of(to)}", Detail: message is null ? null : EventDetail.Of("message", message)));
            return true;
        },
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageRow>> StagesAsync(string run, CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<StageRow>>(
        async session => [.. (await session.QueryAsync<StageRecord>($"{StageRecord.Select} WHERE run = @run", new { run })).Select(row => row.ToRow())],
        cancel);

    /// <inheritdoc/>
    public Task<bool> MoveStageAsync(string run, string stage, StageMove move, CancellationToken cancel = default) => _database.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync("INSERT INTO stages (run, stage, state) VALUES (@run, @stage, 'pending') ON CONFLICT DO NOTHING", new { run, stage });
            StandRecord stand = (await session.FirstAsync<StandRecord>("SELECT state AS State, version AS Version FROM stages WHERE run = @run AND stage = @stage FOR UPDATE", new { run, stage }))!;
            if (stand.Answer(LedgerText.Of(move.From), LedgerText.Of(move.To), move.Version) is { } answer)
            {
                return answer;
            }

            if (move.To == StageState.Running)
            {
                // With the move, or a late repetition would take away what the stage has recorded since.
                await session.ExecuteAsync("DELETE FROM artifacts WHERE run = @run AND stage = @stage AND sample IS NULL", new { run, stage });
            }

            await session.ExecuteAsync(
                """
                UPDATE stages SET state = @state, version = version + 1, summary = @Summary, error = @Error,
                    started_at = CASE WHEN @running THEN now.at ELSE started_at END, finished_at = CASE WHEN @ended THEN now.at END
                FROM (SELECT sea_now() AS at) AS now
                WHERE run = @run AND stage = @stage
                """,
                new
                {
                    run,
                    stage,
                    state = LedgerText.Of(move.To),
                    Summary = PostgresText.Storable(move.Summary),
                    Error = PostgresText.Storable(move.Error),
                    running = move.To == StageState.Running,
                    ended = move.To is not (StageState.Pending or StageState.Running),
                });
            session.Add(run, new NewEvent($"stage_{LedgerText.Of(move.To)}", stage, Detail: move.Error is null ? move.Summary : EventDetail.Of("error", move.Error)));
            return true;
        },
        cancel);

    /// <inheritdoc/>
    public Task AddStageTimeAsync(string run, string stage, TimeSpan worked, CancellationToken cancel = default) => _database.WriteAsync(
        session => session.ExecuteAsync(
            "UPDATE stages SET worked_ms = worked_ms + @worked WHERE run = @run AND stage = @stage", new { run, stage, worked = (long)worked.TotalMilliseconds }),
        cancel);

    /// <inheritdoc/>
    public Task PutArtifactAsync(string run, ArtifactRow artifact, CancellationToken cancel = default) => _database.WriteAsync(
        session => session.ExecuteAsync(
            """
            INSERT INTO artifacts (run, name, stage, sample, hash, bytes, created_at) VALUES (@run, @Name, @Stage, @Sample, @Hash, @Bytes, sea_now())
            ON CONFLICT (run, name) DO UPDATE SET stage = excluded.stage, sample = excluded.sample, hash = excluded.hash, bytes = excluded.bytes, created_at = excluded.created_at
            """,
            new { run, artifact.Name, artifact.Stage, artifact.Sample, artifact.Hash, artifact.Bytes }),
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArtifactRow>> ArtifactsAsync(string run, string? stage = null, CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<ArtifactRow>>(
        async session => await session.QueryAsync<ArtifactRow>(
            """
            SELECT name AS Name, stage AS Stage, sample AS Sample, hash AS Hash, bytes AS Bytes FROM artifacts
            WHERE run = @run AND (@stage::text IS NULL OR stage = @stage)
            UNION ALL
            SELECT samples.artifact COLLATE "C", queues.stage, samples.id, samples.hash, samples.bytes FROM queues JOIN samples ON samples.queue = queues.key
            WHERE queues.run = @run AND (@stage::text IS NULL OR queues.stage = @stage) AND samples.state = 'done' AND samples.artifact IS NOT NULL
            ORDER BY name
            """,
            new { run, stage }),
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArtifactRow>> StageFilesAsync(string run, CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<ArtifactRow>>(
        async session => await session.QueryAsync<ArtifactRow>(
            "SELECT name AS Name, stage AS Stage, sample AS Sample, hash AS Hash, bytes AS Bytes FROM artifacts WHERE run = @run AND sample IS NULL ORDER BY name", new { run }),
        cancel);

    /// <inheritdoc/>
    public Task AppendEventAsync(string run, NewEvent added, CancellationToken cancel = default) => _database.WriteAsync(
        session =>
        {
            session.Add(run, added);
            return Task.FromResult(true);
        },
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<EventRow>> EventsAsync(string run, long after, int limit, CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<EventRow>>(
        async session => [.. (await session.QueryAsync<EventRecord>(
            """
            SELECT sequence AS Sequence, at AS At, kind AS Kind, stage AS Stage, sample AS Sample, detail AS Detail FROM events
            WHERE run = @run AND sequence > @after ORDER BY sequence LIMIT @limit
            """,
            new { run, after, limit })).Select(row => row.ToRow())],
        cancel);

    /// <summary>Bytes on the disk of all tables and indexes of the ledger's schema, whatever runs they belong to.</summary>
    public Task<long> SizeAsync(CancellationToken cancel = default) => _database.ReadAsync(
        session => session.FirstAsync<long>(
            "SELECT coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::bigint FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = current_schema() AND relkind = 'r'"),
        cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    /// <summary>The number of a stage's samples; 0, which no stage has, where none was ever enqueued.</summary>
    private async ValueTask<int> QueueAsync(PostgresSession session, string run, string stage)
    {
        if (_queues.TryGetValue((run, stage), out int known))
        {
            return known;
        }

        int found = await session.FirstAsync<int>("SELECT key FROM queues WHERE run = @run AND stage = @stage", new { run, stage });
        if (found != 0)
        {
            _queues[(run, stage)] = found;
        }

        return found;
    }
}
