using Dapper;
using Microsoft.Data.Sqlite;

namespace SeaCluster.Runs.Ledgers.Sqlite;

/// <content>Enqueueing, and what the holder of a lease may do.</content>
public sealed partial class SqliteLedger
{
    /// <inheritdoc/>
    public Task<int> EnqueueAsync(string run, string stage, string specHash, IReadOnlyList<NewSample> samples, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) =>
        {
            long ordinal = connection.ExecuteScalar<long>("SELECT coalesce(max(ordinal), -1) FROM samples WHERE run = @run AND stage = @stage", new { run, stage }, transaction);
            int added = 0;
            foreach (NewSample sample in samples)
            {
                int inserted = connection.Execute(
                    """
                    INSERT INTO samples (run, stage, id, ordinal, batch, spec_hash, state, available_at, updated_at, input)
                    VALUES (@run, @stage, @Id, @ordinal, @Batch, @specHash, 'pending', 0, @Now, @Input) ON CONFLICT (run, stage, id) DO NOTHING
                    """,
                    new { run, stage, sample.Id, ordinal = ordinal + 1, sample.Batch, specHash, Now, sample.Input },
                    transaction);
                ordinal += inserted;
                added += inserted;
                if (inserted == 0)
                {
                    One(connection, transaction, run, stage, sample.Id)!.RefuseOther(stage, specHash, sample);
                }
            }

            return added;
        },
        cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Lease>> LeaseAsync(string run, string stage, int count, LeaseTerms terms, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) => Take(
            connection,
            transaction,
            run,
            stage,
            terms,
            now => Overdue(connection, transaction, run, stage, now, count)
                .Union(connection.Query<string>(
                    "SELECT id FROM samples WHERE run = @run AND stage = @stage AND available_at <= @now ORDER BY available_at, ordinal LIMIT @count", new { run, stage, now, count }, transaction))
                .Take(count)),
        cancel);

    // What was under way before comes before what is new.
    private static IEnumerable<string> Overdue(SqliteConnection connection, SqliteTransaction transaction, string run, string stage, long now, int count) => connection.Query<string>(
        """
        SELECT id FROM samples WHERE run = @run AND stage = @stage AND available_at > 0 AND available_at <= @now AND lost_leases < @Suspect
        ORDER BY available_at, ordinal LIMIT @count
        """,
        new { run, stage, now, count, SampleRecord.Suspect },
        transaction);

    /// <inheritdoc/>
    public Task<LeasedBatch?> LeaseBatchAsync(string run, string stage, LeaseTerms terms, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) =>
        {
            GiveUpLost(connection, transaction, run, stage, terms);
            int? batch = connection.ExecuteScalar<int?>(
                """
                SELECT batch FROM samples WHERE run = @run AND stage = @stage AND available_at <= @Now AND batch IS NOT NULL
                ORDER BY available_at, ordinal LIMIT 1
                """,
                new { run, stage, Now },
                transaction);
            if (batch is null)
            {
                return null;
            }

            IReadOnlyList<Lease> leases = Take(
                connection,
                transaction,
                run,
                stage,
                terms,
                now => connection.Query<string>("SELECT id FROM samples WHERE run = @run AND stage = @stage AND batch = @batch AND available_at <= @now", new { run, stage, batch, now }, transaction));
            HashSet<string> taken = [.. leases.Select(lease => lease.Sample)];
            IEnumerable<SampleRow> all = connection.Query<SampleRecord>(
                $"{SampleRecord.Select} WHERE run = @run AND stage = @stage AND batch = @batch ORDER BY ordinal", new { run, stage, batch }, transaction)
                .Select(row => row.ToRow());
            return new LeasedBatch(batch.Value, leases, [.. all.Where(row => !taken.Contains(row.Id))]);
        },
        cancel);

    private IReadOnlyList<Lease> Take(
        SqliteConnection connection, SqliteTransaction transaction, string run, string stage, LeaseTerms terms, Func<long, IEnumerable<string>> which)
    {
        long now = Now;
        GiveUpLost(connection, transaction, run, stage, terms);
        List<string> ids = [.. which(now)];
        if (ids.Count == 0)
        {
            return [];
        }

        long token = connection.ExecuteScalar<long>("UPDATE fencing SET token = token + 1 RETURNING token", transaction: transaction);
        List<Lease> leases = new(ids.Count);
        foreach (string id in ids)
        {
            leases.Add(connection.QueryFirst<SampleRecord>(
                """
                UPDATE samples SET lost_leases = lost_leases + (state = 'leased'), attempts = attempts + 1, state = 'leased', token = @token,
                    owner = @Owner, available_at = @expires, updated_at = @now
                WHERE run = @run AND stage = @stage AND id = @id
                RETURNING id AS Id, token AS Token, attempts AS Attempts, ordinal AS Ordinal, batch AS Batch, spec_hash AS SpecHash, input AS Input, available_at AS AvailableAt
                """,
                new { run, stage, id, token, terms.Owner, expires = now + (long)terms.Duration.TotalMilliseconds, now },
                transaction).ToLease());
        }

        return [.. leases.OrderBy(lease => lease.Ordinal)];
    }

    // A sample that kills its worker each time must not be taken for ever. The index is named because the leased are few and the available
    // may be a million.
    private void GiveUpLost(SqliteConnection connection, SqliteTransaction transaction, string run, string stage, LeaseTerms terms)
    {
        long now = Now;
        string error = SampleRecord.LostTooOften(terms.LostLeases);
        List<string> lost = connection.Query<string>(
            """
            UPDATE samples INDEXED BY samples_by_state SET state = 'quarantined', available_at = NULL, lost_leases = lost_leases + 1, error = @error, updated_at = @now
            WHERE run = @run AND stage = @stage AND available_at <= @now AND state = 'leased' AND lost_leases + 1 >= @LostLeases
            RETURNING id
            """,
            new { run, stage, now, error, terms.LostLeases },
            transaction).AsList();
        foreach (string id in lost)
        {
            AddEvent(connection, transaction, run, new NewEvent("sample_quarantined", stage, id, EventDetail.Of("error", error)));
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaseKey>> RenewAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, TimeSpan duration, CancellationToken cancel = default) =>
        _database.WriteAsync<IReadOnlyList<LeaseKey>>(
            (connection, transaction) => [.. leases.Where(lease => 0 == connection.Execute(
                "UPDATE samples SET available_at = @expires WHERE run = @run AND stage = @stage AND id = @Sample AND token = @Token AND state = 'leased'",
                new { run, stage, lease.Sample, lease.Token, expires = Now + (long)duration.TotalMilliseconds },
                transaction))],
            cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CompletionOutcome>> CompleteAsync(string run, string stage, IReadOnlyList<Completion> completions, CancellationToken cancel = default) =>
        _database.WriteAsync<IReadOnlyList<CompletionOutcome>>(
            (connection, transaction) => [.. completions.Select(completion => Complete(connection, transaction, run, stage, completion))],
            cancel);

    private CompletionOutcome Complete(SqliteConnection connection, SqliteTransaction transaction, string run, string stage, Completion completion)
    {
        SampleRecord? row = One(connection, transaction, run, stage, completion.Sample);
        if (row is null || row.Token != completion.Token || row.SpecHash != completion.SpecHash || row.State is not ("leased" or "done"))
        {
            return CompletionOutcome.LeaseLost;
        }

        if (row.State == "done")
        {
            return CompletionOutcome.AlreadyRecorded;
        }

        connection.Execute(
            """
            UPDATE samples SET state = 'done', available_at = NULL, artifact = @Name, hash = @Hash, bytes = @Bytes, loss = @Loss, steps = @Steps,
                duration_ms = @duration, detail = @Detail, error = NULL, updated_at = @Now
            WHERE run = @run AND stage = @stage AND id = @Sample
            """,
            new
            {
                run,
                stage,
                completion.Sample,
                completion.Artifact?.Name,
                completion.Artifact?.Hash,
                completion.Artifact?.Bytes,
                completion.Loss,
                completion.Steps,
                duration = (long?)completion.Duration?.TotalMilliseconds,
                completion.Detail,
                Now,
            },
            transaction);
        if (completion.Artifact is { } file)
        {
            PutArtifact(connection, transaction, run, new ArtifactRow(file.Name, stage, completion.Sample, file.Hash, file.Bytes));
        }

        return CompletionOutcome.Recorded;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<FailureOutcome>> FailAsync(string run, string stage, IReadOnlyList<Failure> failures, RetryPolicy policy, CancellationToken cancel = default) =>
        _database.WriteAsync<IReadOnlyList<FailureOutcome>>(
            (connection, transaction) => [.. failures.Select(failure => Fail(connection, transaction, run, stage, failure, policy))],
            cancel);

    private FailureOutcome Fail(SqliteConnection connection, SqliteTransaction transaction, string run, string stage, Failure failure, RetryPolicy policy)
    {
        SampleRecord? row = One(connection, transaction, run, stage, failure.Sample);
        if (row is null || row.Token != failure.Token)
        {
            return FailureOutcome.LeaseLost;
        }

        if (row.State != "leased")
        {
            // The same failure told twice; the first telling decided.
            return row.State switch { "failed" => FailureOutcome.Waiting, "quarantined" => FailureOutcome.Quarantined, _ => FailureOutcome.LeaseLost };
        }

        int count = row.Failures + 1;
        bool last = count >= policy.Attempts;
        connection.Execute(
            """
            UPDATE samples SET state = @state, available_at = @next, failures = @count, error = @Error, updated_at = @Now
            WHERE run = @run AND stage = @stage AND id = @Sample
            """,
            new
            {
                run,
                stage,
                failure.Sample,
                failure.Error,
                state = last ? "quarantined" : "failed",
                next = last ? (long?)null : Now + (long)policy.WaitAfter(count).TotalMilliseconds,
                count,
                Now,
            },
            transaction);
        AddEvent(connection, transaction, run, new NewEvent(
            last ? "sample_quarantined" : "sample_failed", stage, failure.Sample, EventDetail.Of("error", failure.Error, "failures", count)));
        return last ? FailureOutcome.Quarantined : FailureOutcome.Waiting;
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, CancellationToken cancel = default) => _database.WriteAsync(
        (connection, transaction) => leases.Sum(lease => connection.Execute(
            """
            UPDATE samples SET state = 'pending', available_at = 0, attempts = attempts - 1, updated_at = @Now
            WHERE run = @run AND stage = @stage AND id = @Sample AND token = @Token AND state = 'leased'
            """,
            new { run, stage, lease.Sample, lease.Token, Now },
            transaction)),
        cancel);

    private static SampleRecord? One(SqliteConnection connection, SqliteTransaction transaction, string run, string stage, string sample) =>
        connection.QueryFirstOrDefault<SampleRecord>($"{SampleRecord.Select} WHERE run = @run AND stage = @stage AND id = @sample", new { run, stage, sample }, transaction);
}
