namespace SeaCluster.Runs.Ledgers.Postgres;

/// <content>What is asked about samples, and what an operator does to them.</content>
public sealed partial class PostgresLedger
{
    /// <inheritdoc/>
    public Task<int> ExpireLeasesAsync(string run, CancellationToken cancel = default) => _database.WriteAsync(
        session =>
        {
            _fronts.Clear();
            return session.ExecuteAsync(
                """
                UPDATE samples SET available_at = 0 FROM (
                    SELECT queue, id FROM samples WHERE queue IN (SELECT key FROM queues WHERE run = @run) AND state = 'leased' ORDER BY queue, ordinal FOR UPDATE) AS held
                WHERE samples.queue = held.queue AND samples.id = held.id
                """,
                new { run });
        },
        cancel);

    /// <inheritdoc/>
    public Task<int> RequeueAsync(string run, string stage, IReadOnlyList<string>? samples = null, CancellationToken cancel = default) => _database.WriteAsync(
        async session =>
        {
            int queue = await QueueAsync(session, run, stage);
            _fronts[queue] = 0;
            List<string> back = await session.QueryAsync<string>(
                """
                UPDATE samples SET state = 'pending', available_at = 0, failures = 0, lost_leases = 0, updated_at = sea_now()
                WHERE queue = @queue AND state = 'quarantined' AND id IN (
                    SELECT id FROM samples WHERE queue = @queue AND state = 'quarantined' AND (@ids::text[] IS NULL OR id = ANY(@ids)) ORDER BY ordinal FOR UPDATE)
                RETURNING id
                """,
                new { queue, ids = samples?.ToArray() });
            back.ForEach(id => session.Add(run, new NewEvent("sample_requeued", stage, id)));
            return back.Count;
        },
        cancel);

    /// <inheritdoc/>
    public Task<int> ReopenAsync(string run, string stage, IReadOnlyList<string> samples, string reason, CancellationToken cancel = default) => _database.WriteAsync(
        async session =>
        {
            int queue = await QueueAsync(session, run, stage);
            Dictionary<string, SampleRecord> rows = await HeldAsync(session, queue, samples);
            _fronts[queue] = 0;
            List<string> back = await session.QueryAsync<string>(
                $"""
                UPDATE samples SET state = 'pending', available_at = 0, failures = 0, lost_leases = 0, artifact = NULL, hash = NULL, bytes = NULL,
                    loss = NULL, steps = NULL, duration_ms = NULL, detail = NULL, error = @reason, updated_at = sea_now()
                FROM {Named} WHERE {IsNamed}
                RETURNING samples.id
                """,
                new { queue, ids = samples.Distinct(StringComparer.Ordinal).Where(sample => rows.GetValueOrDefault(sample)?.State == "done").ToArray(), reason = PostgresText.Storable(reason) });
            await session.ExecuteAsync("DELETE FROM artifacts WHERE run = @run AND stage = @stage AND sample = ANY(@ids)", new { run, stage, ids = back.ToArray() });
            back.ForEach(id => session.Add(run, new NewEvent("sample_reopened", stage, id, EventDetail.Of("reason", reason))));
            return back.Count;
        },
        cancel);

    /// <inheritdoc/>
    public Task<SampleCounts> CountsAsync(string run, string stage, CancellationToken cancel = default) => _database.ReadAsync(
        async session =>
        {
            Dictionary<string, long> counts = (await session.QueryAsync<(string State, long Count)>(
                "SELECT state, sum(count)::bigint FROM sample_counts WHERE queue = @queue GROUP BY state", new { queue = await QueueAsync(session, run, stage) }))
                .ToDictionary(row => row.State, row => row.Count);
            return new SampleCounts(
                counts.GetValueOrDefault("pending"),
                counts.GetValueOrDefault("leased"),
                counts.GetValueOrDefault("failed"),
                counts.GetValueOrDefault("done"),
                counts.GetValueOrDefault("quarantined"));
        },
        cancel);

    /// <inheritdoc/>
    public Task<DateTimeOffset?> NextAvailableAsync(string run, string stage, CancellationToken cancel = default) => _database.ReadAsync(
        async session => Moment.Of(await session.FirstAsync<long?>(
            "SELECT min(available_at) FROM samples WHERE queue = @queue AND available_at IS NOT NULL", new { queue = await QueueAsync(session, run, stage) })),
        cancel);

    /// <inheritdoc/>
    public Task<DoneLately> DoneSinceAsync(string run, string stage, DateTimeOffset since, int most = 10_000, CancellationToken cancel = default) => _database.ReadAsync(
        async session =>
        {
            (long count, long? first) = await session.FirstAsync<(long, long?)>(
                """
                SELECT count(*), min(updated_at) FROM (
                    SELECT updated_at FROM samples WHERE queue = @queue AND available_at IS NULL AND state = 'done' AND updated_at >= @since ORDER BY updated_at DESC LIMIT @most) AS newest
                """,
                new { queue = await QueueAsync(session, run, stage), since = since.ToUnixTimeMilliseconds(), most });
            return DoneLately.Of(count, first, since, most);
        },
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<SampleRow>> SamplesAsync(string run, string stage, SampleQuery query, CancellationToken cancel = default) =>
        _database.ReadAsync<IReadOnlyList<SampleRow>>(
            async session => [.. (await session.QueryAsync<SampleRecord>(
                $"""
                {SampleRecord.Select} WHERE queue = @queue AND ordinal > @After {(query.State is null ? "" : "AND state = @state")}
                ORDER BY ordinal LIMIT @Limit
                """,
                new { queue = await QueueAsync(session, run, stage), query.After, state = query.State is { } state ? LedgerText.Of(state) : null, query.Limit }))
                .Select(row => row.ToRow())],
            cancel);

    /// <inheritdoc/>
    public Task<SampleRow?> SampleAsync(string run, string stage, string sample, CancellationToken cancel = default) => _database.ReadAsync(
        async session => (await session.FirstAsync<SampleRecord>(
            $"{SampleRecord.Select} WHERE queue = @queue AND id = @sample", new { queue = await QueueAsync(session, run, stage), sample }))?.ToRow(),
        cancel);
}
