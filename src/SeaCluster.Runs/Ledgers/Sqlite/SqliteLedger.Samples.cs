using Dapper;

namespace SeaCluster.Runs.Ledgers.Sqlite;

/// <content>What is asked about samples, and what an operator does to them.</content>
public sealed partial class SqliteLedger
{
    /// <inheritdoc/>
    public Task<int> ExpireLeasesAsync(string run, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE samples SET available_at = 0 WHERE run = @run AND state = 'leased'", new { run }, transaction),
        cancel);

    /// <inheritdoc/>
    public Task<int> RequeueAsync(string run, string stage, IReadOnlyList<string>? samples = null, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) =>
        {
            List<string> ids = samples?.ToList() ?? connection.Query<string>(
                "SELECT id FROM samples WHERE run = @run AND stage = @stage AND state = 'quarantined'", new { run, stage }, transaction).AsList();
            int count = 0;
            foreach (string id in ids)
            {
                int changed = connection.Execute(
                    """
                    UPDATE samples SET state = 'pending', available_at = 0, failures = 0, lost_leases = 0, updated_at = @Now
                    WHERE run = @run AND stage = @stage AND id = @id AND state = 'quarantined'
                    """,
                    new { run, stage, id, Now },
                    transaction);
                count += changed;
                if (changed > 0)
                {
                    AddEvent(connection, transaction, run, new NewEvent("sample_requeued", stage, id));
                }
            }

            return count;
        },
        cancel);

    /// <inheritdoc/>
    public Task<int> ReopenAsync(string run, string stage, IReadOnlyList<string> samples, string reason, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) =>
        {
            int count = 0;
            foreach (string id in samples)
            {
                int changed = connection.Execute(
                    """
                    UPDATE samples SET state = 'pending', available_at = 0, failures = 0, lost_leases = 0, artifact = NULL, hash = NULL, bytes = NULL,
                        loss = NULL, steps = NULL, duration_ms = NULL, detail = NULL, error = @reason, updated_at = @Now
                    WHERE run = @run AND stage = @stage AND id = @id AND state = 'done'
                    """,
                    new { run, stage, id, reason, Now },
                    transaction);
                count += changed;
                if (changed > 0)
                {
                    connection.Execute("DELETE FROM artifacts WHERE run = @run AND stage = @stage AND sample = @id", new { run, stage, id }, transaction);
                    AddEvent(connection, transaction, run, new NewEvent("sample_reopened", stage, id, EventDetail.Of("reason", reason)));
                }
            }

            return count;
        },
        cancel);

    /// <inheritdoc/>
    public Task<SampleCounts> CountsAsync(string run, string stage, CancellationToken cancel = default) => _database.ReadAsync(
        (connection, transaction) =>
        {
            Dictionary<string, long> counts = connection.Query<(string State, long Count)>(
                "SELECT state, count FROM sample_counts WHERE run = @run AND stage = @stage", new { run, stage }, transaction)
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
        (connection, transaction) => Moment.Of(connection.ExecuteScalar<long?>(
            "SELECT min(available_at) FROM samples WHERE run = @run AND stage = @stage AND available_at IS NOT NULL", new { run, stage }, transaction)),
        cancel);

    /// <inheritdoc/>
    public Task<DoneLately> DoneSinceAsync(string run, string stage, DateTimeOffset since, int most = 10_000, CancellationToken cancel = default) => _database.ReadAsync(
        (connection, transaction) =>
        {
            (long count, long? first) = connection.QuerySingle<(long, long?)>(
                """
                SELECT count(*), min(updated_at) FROM (
                    SELECT updated_at FROM samples WHERE run = @run AND stage = @stage AND state = 'done' AND updated_at >= @since ORDER BY updated_at DESC LIMIT @most)
                """,
                new { run, stage, since = since.ToUnixTimeMilliseconds(), most },
                transaction);
            return DoneLately.Of(count, first, since, most);
        },
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<SampleRow>> SamplesAsync(string run, string stage, SampleQuery query, CancellationToken cancel = default) =>
        _database.ReadAsync<IReadOnlyList<SampleRow>>(
            (connection, transaction) => [.. connection.Query<SampleRecord>(
                $"""
                {SampleRecord.Select} WHERE run = @run AND stage = @stage AND ordinal > @After {(query.State is null ? "" : "AND state = @state")}
                ORDER BY ordinal LIMIT @Limit
                """,
                new { run, stage, query.After, state = query.State is { } state ? LedgerText.Of(state) : null, query.Limit },
                transaction).Select(row => row.ToRow())],
            cancel);

    /// <inheritdoc/>
    public Task<SampleRow?> SampleAsync(string run, string stage, string sample, CancellationToken cancel = default) => _database.ReadAsync(
        (connection, transaction) => One(connection, transaction, run, stage, sample)?.ToRow(), cancel);
}
