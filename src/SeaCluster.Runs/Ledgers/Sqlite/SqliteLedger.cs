using Dapper;
using Microsoft.Data.Sqlite;

namespace SeaCluster.Runs.Ledgers.Sqlite;

/// <summary>
/// The ledger in one SQLite file: write-ahead log, every commit synced to the disk. Several processes on one machine may use it at once;
/// it does not belong on a network file system.
/// </summary>
public sealed partial class SqliteLedger : ILedger
{
    private readonly SqliteDatabase _database;
    private readonly TimeProvider _time;

    private SqliteLedger(SqliteDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Opens a ledger, brought up to this version's schema.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">The ledger's clock.</param>
    /// <param name="create">Whether to make one where there is none, and to look through it for damage.</param>
    /// <param name="busy">How long to wait for other processes' transactions; 30 s when left out.</param>
    /// <exception cref="Models.SeaException">It is missing, damaged, another program's, or written by a newer version.</exception>
    public static SqliteLedger Open(string path, TimeProvider time, bool create = true, TimeSpan? busy = null) =>
        new(SqliteDatabase.Open(path, create, busy ?? TimeSpan.FromSeconds(30), time), time);

    /// <inheritdoc/>
    public Task<DateTimeOffset> NowAsync(CancellationToken cancel = default) => Task.FromResult(_time.GetUtcNow());

    /// <inheritdoc/>
    public Task CreateRunAsync(NewRun run, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) =>
        {
            int added = connection.Execute(
                """
                INSERT INTO runs (id, name, spec, spec_hash, inputs, state, created_at, updated_at)
                VALUES (@Id, @Name, @Spec, @SpecHash, @Inputs, 'pending', @Now, @Now) ON CONFLICT (id) DO NOTHING
                """,
                new { run.Id, run.Name, run.Spec, run.SpecHash, run.Inputs, Now },
                transaction);
            if (added > 0)
            {
                AddEvent(connection, transaction, run.Id, new NewEvent("run_created"));
            }

            return added;
        },
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunRow>> RunsAsync(CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<RunRow>>(
        (connection, transaction) => [.. connection.Query<RunRecord>($"{RunRecord.Select} ORDER BY created_at, id", transaction: transaction).Select(row => row.ToRow())],
        cancel);

    /// <inheritdoc/>
    public Task<RunRow?> RunAsync(string run, CancellationToken cancel = default) => _database.ReadAsync(
        (connection, transaction) => connection.QueryFirstOrDefault<RunRecord>($"{RunRecord.Select} WHERE id = @run", new { run }, transaction)?.ToRow(),
        cancel);

    /// <inheritdoc/>
    public Task<bool> MoveRunAsync(string run, RunState from, RunState to, string? message = null, long? version = null, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) =>
        {
            StandRecord? stand = connection.QueryFirstOrDefault<StandRecord>("SELECT state AS State, version AS Version FROM runs WHERE id = @run", new { run }, transaction);
            if ((stand ?? new StandRecord()).Answer(LedgerText.Of(from), LedgerText.Of(to), version) is { } answer)
            {
                return answer;
            }

            connection.Execute(
                "UPDATE runs SET state = @state, version = version + 1, message = @message, updated_at = @Now WHERE id = @run",
                new { run, state = LedgerText.Of(to), message, Now },
                transaction);
            AddEvent(connection, transaction, run, new NewEvent($"run_{LedgerText.Of(to)}", Detail: message is null ? null : EventDetail.Of("message", message)));
            return true;
        },
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageRow>> StagesAsync(string run, CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<StageRow>>(
        (connection, transaction) => [.. connection.Query<StageRecord>($"{StageRecord.Select} WHERE run = @run", new { run }, transaction).Select(row => row.ToRow())],
        cancel);

    /// <inheritdoc/>
    public Task<bool> MoveStageAsync(string run, string stage, StageMove move, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) =>
        {
            connection.Execute("INSERT INTO stages (run, stage, state) VALUES (@run, @stage, 'pending') ON CONFLICT DO NOTHING", new { run, stage }, transaction);
            StandRecord stand = connection.QueryFirst<StandRecord>("SELECT state AS State, version AS Version FROM stages WHERE run = @run AND stage = @stage", new { run, stage }, transaction);
            if (stand.Answer(LedgerText.Of(move.From), LedgerText.Of(move.To), move.Version) is { } answer)
            {
                return answer;
            }

            if (move.To == StageState.Running)
            {
                // With the move, or a late repetition would take away what the stage has recorded since.
                connection.Execute("DELETE FROM artifacts WHERE run = @run AND stage = @stage AND sample IS NULL", new { run, stage }, transaction);
            }

            connection.Execute(
                """
                UPDATE stages SET state = @state, version = version + 1, summary = @Summary, error = @Error,
                    started_at = CASE WHEN @running THEN @Now ELSE started_at END,
                    finished_at = CASE WHEN @ended THEN @Now ELSE NULL END
                WHERE run = @run AND stage = @stage
                """,
                new
                {
                    run,
                    stage,
                    state = LedgerText.Of(move.To),
                    move.Summary,
                    move.Error,
                    running = move.To == StageState.Running,
                    ended = move.To is not (StageState.Pending or StageState.Running),
                    Now,
                },
                transaction);
            AddEvent(connection, transaction, run, new NewEvent(
                $"stage_{LedgerText.Of(move.To)}", stage, Detail: move.Error is null ? move.Summary : EventDetail.Of("error", move.Error)));
            return true;
        },
        cancel);

    /// <inheritdoc/>
    public Task AddStageTimeAsync(string run, string stage, TimeSpan worked, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE stages SET worked_ms = worked_ms + @worked WHERE run = @run AND stage = @stage",
            new { run, stage, worked = (long)worked.TotalMilliseconds },
            transaction),
        cancel);

    /// <inheritdoc/>
    public Task PutArtifactAsync(string run, ArtifactRow artifact, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) => PutArtifact(connection, transaction, run, artifact), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArtifactRow>> ArtifactsAsync(string run, string? stage = null, CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<ArtifactRow>>(
        (connection, transaction) => [.. connection.Query<ArtifactRow>(
            """
            SELECT name AS Name, stage AS Stage, sample AS Sample, hash AS Hash, bytes AS Bytes FROM artifacts
            WHERE run = @run AND (@stage IS NULL OR stage = @stage) ORDER BY name
            """,
            new { run, stage },
            transaction)],
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ArtifactRow>> StageFilesAsync(string run, CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<ArtifactRow>>(
        (connection, transaction) => [.. connection.Query<ArtifactRow>(
            """
            SELECT name AS Name, stage AS Stage, sample AS Sample, hash AS Hash, bytes AS Bytes FROM artifacts INDEXED BY artifacts_by_sample
            WHERE run = @run AND stage IN @stages AND sample IS NULL ORDER BY name
            """,
            new { run, stages = StageNames.All.Select(StageNames.Text) },
            transaction)],
        cancel);

    /// <inheritdoc/>
    public Task AppendEventAsync(string run, NewEvent added, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) => AddEvent(connection, transaction, run, added), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<EventRow>> EventsAsync(string run, long after, int limit, CancellationToken cancel = default) => _database.ReadAsync<IReadOnlyList<EventRow>>(
        (connection, transaction) => [.. connection.Query<EventRecord>(
            """
            SELECT sequence AS Sequence, at AS At, kind AS Kind, stage AS Stage, sample AS Sample, detail AS Detail FROM events
            WHERE run = @run AND sequence > @after ORDER BY sequence LIMIT @limit
            """,
            new { run, after, limit },
            transaction).Select(row => row.ToRow())],
        cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static int PutArtifact(SqliteConnection connection, SqliteTransaction transaction, string run, ArtifactRow artifact, long now) => connection.Execute(
        """
        INSERT INTO artifacts (run, name, stage, sample, hash, bytes, created_at) VALUES (@run, @Name, @Stage, @Sample, @Hash, @Bytes, @now)
        ON CONFLICT (run, name) DO UPDATE SET stage = excluded.stage, sample = excluded.sample, hash = excluded.hash, bytes = excluded.bytes, created_at = excluded.created_at
        """,
        new { run, artifact.Name, artifact.Stage, artifact.Sample, artifact.Hash, artifact.Bytes, now },
        transaction);

    private int PutArtifact(SqliteConnection connection, SqliteTransaction transaction, string run, ArtifactRow artifact) =>
        PutArtifact(connection, transaction, run, artifact, Now);

    private int AddEvent(SqliteConnection connection, SqliteTransaction transaction, string run, NewEvent added) => connection.Execute(
        "INSERT INTO events (run, at, kind, stage, sample, detail) VALUES (@run, @Now, @Kind, @Stage, @Sample, @Detail)",
        new { run, Now, added.Kind, added.Stage, added.Sample, added.Detail },
        transaction);
}
