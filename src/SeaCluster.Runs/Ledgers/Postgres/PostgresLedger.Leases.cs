using System.Diagnostics;

namespace SeaCluster.Runs.Ledgers.Postgres;

/// <content>Enqueueing, and what the holder of a lease may do. Rows are always locked in the order of enqueueing, so that two workers cannot wait for each other.</content>
public sealed partial class PostgresLedger
{
    private const string Available = "queue = @queue AND available_at <= (SELECT sea_now())";

    // Samples by their ids, joined by the whole primary key and nothing else: with the queue or a state as a constant the planner might walk through another index.
    private const string Queues = "array_fill(@queue::integer, ARRAY[cardinality(@ids)])";
    private const string Named = $"unnest({Queues}, @ids) AS named (queue, id)";
    private const string IsNamed = "samples.queue = named.queue AND samples.id = named.id";

    /// <inheritdoc/>
    public Task<int> EnqueueAsync(string run, string stage, string specHash, IReadOnlyList<NewSample> samples, CancellationToken cancel = default) => _database.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync("INSERT INTO queues (run, stage) VALUES (@run, @stage) ON CONFLICT DO NOTHING", new { run, stage });
            (int queue, long size) = await session.FirstAsync<(int, long)>("SELECT key, size FROM queues WHERE run = @run AND stage = @stage FOR UPDATE", new { run, stage });
            Dictionary<string, SampleRecord> there = (await session.QueryAsync<SampleRecord>(
                $"SELECT samples.id AS Id, spec_hash AS SpecHash, batch AS Batch, input AS Input FROM samples, {Named} WHERE {IsNamed}",
                new { queue, ids = samples.Select(sample => sample.Id).Distinct(StringComparer.Ordinal).ToArray() })).ToDictionary(row => row.Id, StringComparer.Ordinal);
            List<NewSample> added = new(samples.Count);
            foreach (NewSample sample in samples)
            {
                if (there.TryGetValue(sample.Id, out SampleRecord? known))
                {
                    known.RefuseOther(stage, specHash, sample);
                    continue;
                }

                there[sample.Id] = new SampleRecord { Id = sample.Id, SpecHash = specHash, Batch = sample.Batch, Input = sample.Input };
                added.Add(sample);
            }

            if (added.Count == 0)
            {
                return 0;
            }

            await session.ExecuteAsync(
                """
                INSERT INTO samples (queue, id, ordinal, batch, spec_hash, state, available_at, updated_at, input)
                SELECT @queue, added.id, @size + added.number - 1, added.batch, @specHash, 'pending', 0, now.at, added.input
                FROM unnest(@ids, @batches, @inputs) WITH ORDINALITY AS added (id, batch, input, number), (SELECT sea_now() AS at) AS now
                """,
                new
                {
                    queue,
                    size,
                    specHash,
                    ids = added.Select(sample => sample.Id).ToArray(),
                    batches = added.Select(sample => sample.Batch).ToArray(),
                    inputs = added.Select(sample => sample.Input).ToArray(),
                });
            await session.ExecuteAsync("UPDATE queues SET size = size + @Count WHERE key = @queue", new { queue, added.Count });
            return added.Count;
        },
        cancel);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Lease>> LeaseAsync(string run, string stage, int count, LeaseTerms terms, CancellationToken cancel = default)
    {
        (int queue, long front, IReadOnlyList<Lease> leases) = await _database.WriteAsync(
            async session =>
            {
                int queue = await QueueAsync(session, run, stage);
                await GiveUpLostAsync(session, run, stage, queue, terms);
                List<Waiting> found = await FindAsync(session, queue, count);
                // Where all were overdue, it stays where it was.
                long front = found.TrueForAll(row => row.AvailableAt > 0) && found.Count > 0 ? _fronts.GetValueOrDefault(queue)
                    : found.Where(row => row.AvailableAt == 0).Select(row => row.Ordinal + 1).LastOrDefault();
                return (queue, front, await TakeAsync(session, queue, terms, [.. found.Select(row => row.Id)]));
            },
            cancel);
        _fronts[queue] = front;
        return leases;
    }

    // First what was under way before: leases whose time is up, and failed samples whose wait is over. Then what is new. What was taken leaves its places at the front of the index until
    // the next vacuum, and a search from there passes all of them: it begins where the last one ended, and looks for what is overdue no oftener than it must. Only where that is not
    // enough, the whole queue is looked through.
    private async Task<List<Waiting>> FindAsync(PostgresSession session, int queue, int count)
    {
        const string Fields = "SELECT id AS Id, ordinal AS Ordinal, available_at AS AvailableAt FROM samples";
        List<Waiting> found = [];
        if (!_looked.TryGetValue(queue, out long looked) || Stopwatch.GetElapsedTime(looked) >= OverdueEvery)
        {
            _looked[queue] = Stopwatch.GetTimestamp();
            found = await session.QueryAsync<Waiting>(
                $"{Fields} WHERE {Available} AND available_at > 0 AND lost_leases < @Suspect ORDER BY available_at, ordinal LIMIT @count FOR UPDATE SKIP LOCKED", new { queue, count, SampleRecord.Suspect });
        }

        if (found.Count < count && _fronts.GetValueOrDefault(queue) is > 0 and long front)
        {
            found.AddRange(await session.QueryAsync<Waiting>(
                $"{Fields} WHERE queue = @queue AND available_at = 0 AND ordinal >= @front ORDER BY ordinal LIMIT @left FOR UPDATE SKIP LOCKED", new { queue, front, left = count - found.Count }));
        }

        return found.Count == count
            ? found
            : [.. found.UnionBy(await session.QueryAsync<Waiting>($"{Fields} WHERE {Available} ORDER BY available_at, ordinal LIMIT @count FOR UPDATE SKIP LOCKED", new { queue, count }), row => row.Id).Take(count)];
    }

    /// <inheritdoc/>
    public Task<LeasedBatch?> LeaseBatchAsync(string run, string stage, LeaseTerms terms, CancellationToken cancel = default) => _database.WriteAsync<LeasedBatch?>(
        async session =>
        {
            int queue = await QueueAsync(session, run, stage);
            // One at a time, so that a batch is not torn between two workers who would both compute it whole.
            await session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('sea batches ' || current_schema(), @queue))", new { queue = (long)queue });
            await GiveUpLostAsync(session, run, stage, queue, terms);
            int? batch = await session.FirstAsync<int?>(
                $"SELECT batch FROM samples WHERE {Available} AND batch IS NOT NULL ORDER BY available_at, ordinal LIMIT 1 FOR UPDATE SKIP LOCKED", new { queue });
            if (batch is null)
            {
                return null;
            }

            IReadOnlyList<Lease> leases = await TakeAsync(session, queue, terms, await session.QueryAsync<string>(
                $"SELECT id FROM samples WHERE {Available} AND batch = @batch ORDER BY ordinal FOR UPDATE SKIP LOCKED", new { queue, batch }));
            HashSet<string> taken = [.. leases.Select(lease => lease.Sample)];
            List<SampleRecord> all = await session.QueryAsync<SampleRecord>($"{SampleRecord.Select} WHERE queue = @queue AND batch = @batch ORDER BY ordinal", new { queue, batch });
            return new LeasedBatch(batch.Value, leases, [.. all.Where(row => !taken.Contains(row.Id)).Select(row => row.ToRow())]);
        },
        cancel);

    // The rows are locked already: only then is the token taken, so that of two leases of a sample the later has the larger.
    private static async Task<IReadOnlyList<Lease>> TakeAsync(PostgresSession session, int queue, LeaseTerms terms, List<string> ids)
    {
        if (ids.Count == 0)
        {
            return [];
        }

        List<SampleRecord> taken = await session.QueryAsync<SampleRecord>(
            $"""
            WITH lease AS MATERIALIZED (SELECT sea_now() AS at, nextval('fencing') AS token)
            UPDATE samples SET lost_leases = lost_leases + (state = 'leased')::integer, attempts = attempts + 1, state = 'leased', token = lease.token,
                owner = @Owner, available_at = lease.at + @duration, updated_at = lease.at
            FROM lease, {Named} WHERE {IsNamed}
            RETURNING samples.id AS Id, samples.token AS Token, attempts AS Attempts, ordinal AS Ordinal, batch AS Batch, spec_hash AS SpecHash, input AS Input, available_at AS AvailableAt
            """,
            new { queue, ids = ids.ToArray(), terms.Owner, duration = (long)terms.Duration.TotalMilliseconds });
        return [.. taken.Select(row => row.ToLease()).OrderBy(lease => lease.Ordinal)];
    }

    // A sample that kills its worker each time must not be taken for ever.
    private static async Task GiveUpLostAsync(PostgresSession session, string run, string stage, int queue, LeaseTerms terms)
    {
        string error = SampleRecord.LostTooOften(terms.LostLeases);
        // Few samples were ever lost, and they have an index of their own.
        string lost = terms.LostLeases > 1 ? "lost_leases > 0 AND lost_leases + 1 >= @LostLeases" : "true";
        foreach (string id in await session.QueryAsync<string>(
            $"""
            UPDATE samples SET state = 'quarantined', available_at = NULL, lost_leases = lost_leases + 1, error = @error, updated_at = sea_now()
            WHERE queue = @queue AND id IN (
                SELECT id FROM samples WHERE {Available} AND state = 'leased' AND {lost} ORDER BY available_at FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            new { queue, error, terms.LostLeases }))
        {
            session.Add(run, new NewEvent("sample_quarantined", stage, id, EventDetail.Of("error", error)));
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaseKey>> RenewAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, TimeSpan duration, CancellationToken cancel = default) =>
        _database.WriteAsync<IReadOnlyList<LeaseKey>>(
            async session =>
            {
                int queue = await QueueAsync(session, run, stage);
                Dictionary<string, SampleRecord> rows = await HeldAsync(session, queue, leases.Select(lease => lease.Sample));
                ILookup<bool, LeaseKey> held = leases.ToLookup(lease => IsHeld(rows, lease));
                await session.ExecuteAsync(
                    $"UPDATE samples SET available_at = now.at + @duration FROM {Named}, (SELECT sea_now() AS at) AS now WHERE {IsNamed}",
                    new { queue, ids = Ids(held[true]), duration = (long)duration.TotalMilliseconds });
                return [.. held[false]];
            },
            cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CompletionOutcome>> CompleteAsync(string run, string stage, IReadOnlyList<Completion> completions, CancellationToken cancel = default) =>
        _database.WriteAsync<IReadOnlyList<CompletionOutcome>>(
            async session =>
            {
                int queue = await QueueAsync(session, run, stage);
                Dictionary<string, SampleRecord> rows = await HeldAsync(session, queue, completions.Select(completion => completion.Sample));
                List<CompletionOutcome> outcomes = new(completions.Count);
                List<Completion> recorded = new(completions.Count);
                foreach (Completion completion in completions)
                {
                    if (!rows.TryGetValue(completion.Sample, out SampleRecord? row) || row.Token != completion.Token || row.SpecHash != completion.SpecHash || row.State is not ("leased" or "done"))
                    {
                        outcomes.Add(CompletionOutcome.LeaseLost);
                    }
                    else if (row.State == "done")
                    {
                        outcomes.Add(CompletionOutcome.AlreadyRecorded);
                    }
                    else
                    {
                        outcomes.Add(CompletionOutcome.Recorded);
                        recorded.Add(completion);
                        row.State = "done";
                    }
                }

                if (recorded.Count > 0)
                {
                    await session.ExecuteAsync(
                        $"""
                        UPDATE samples SET state = 'done', available_at = NULL, artifact = named.artifact, hash = named.hash, bytes = named.bytes, loss = named.loss,
                            steps = named.steps, duration_ms = named.duration, detail = named.detail, error = NULL, updated_at = now.at
                        FROM unnest({Queues}, @ids, @artifacts, @hashes, @bytes, @losses, @steps, @durations, @details)
                            AS named (queue, id, artifact, hash, bytes, loss, steps, duration, detail), (SELECT sea_now() AS at) AS now
                        WHERE {IsNamed}
                        """,
                        new
                        {
                            queue,
                            ids = recorded.Select(result => result.Sample).ToArray(),
                            artifacts = recorded.Select(result => result.Artifact?.Name).ToArray(),
                            hashes = recorded.Select(result => result.Artifact?.Hash).ToArray(),
                            bytes = recorded.Select(result => result.Artifact?.Bytes).ToArray(),
                            losses = recorded.Select(result => result.Loss).ToArray(),
                            steps = recorded.Select(result => result.Steps).ToArray(),
                            durations = recorded.Select(result => (long?)result.Duration?.TotalMilliseconds).ToArray(),
                            details = recorded.Select(result => PostgresText.Storable(result.Detail)).ToArray(),
                        });
                }

                return outcomes;
            },
            cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyList<FailureOutcome>> FailAsync(string run, string stage, IReadOnlyList<Failure> failures, RetryPolicy policy, CancellationToken cancel = default) =>
        _database.WriteAsync<IReadOnlyList<FailureOutcome>>(
            async session =>
            {
                int queue = await QueueAsync(session, run, stage);
                Dictionary<string, SampleRecord> rows = await HeldAsync(session, queue, failures.Select(failure => failure.Sample));
                List<FailureOutcome> outcomes = new(failures.Count);
                foreach (Failure failure in failures)
                {
                    outcomes.Add(await FailAsync(session, run, stage, queue, rows.GetValueOrDefault(failure.Sample), failure, policy));
                }

                return outcomes;
            },
            cancel);

    private static async Task<FailureOutcome> FailAsync(PostgresSession session, string run, string stage, int queue, SampleRecord? row, Failure failure, RetryPolicy policy)
    {
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
        row.State = last ? "quarantined" : "failed";
        await session.ExecuteAsync(
            """
            UPDATE samples SET state = @State, available_at = CASE WHEN NOT @last THEN now.at + @wait END, failures = @count, error = @error, updated_at = now.at
            FROM (SELECT sea_now() AS at) AS now WHERE queue = @queue AND id = @Sample
            """,
            new { queue, failure.Sample, row.State, last, wait = (long)policy.WaitAfter(count).TotalMilliseconds, count, error = PostgresText.Storable(failure.Error) });
        session.Add(run, new NewEvent(last ? "sample_quarantined" : "sample_failed", stage, failure.Sample, EventDetail.Of("error", failure.Error, "failures", count)));
        return last ? FailureOutcome.Quarantined : FailureOutcome.Waiting;
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string run, string stage, IReadOnlyList<LeaseKey> leases, CancellationToken cancel = default) => _database.WriteAsync(
        async session =>
        {
            int queue = await QueueAsync(session, run, stage);
            Dictionary<string, SampleRecord> rows = await HeldAsync(session, queue, leases.Select(lease => lease.Sample));
            _fronts[queue] = 0;
            return await session.ExecuteAsync(
                $"UPDATE samples SET state = 'pending', available_at = 0, attempts = attempts - 1, updated_at = sea_now() FROM {Named} WHERE {IsNamed}",
                new { queue, ids = Ids(leases.Where(lease => IsHeld(rows, lease))) });
        },
        cancel);

    // Locks the rows that a holder writes to, and says how they stand with the lock held.
    private static async Task<Dictionary<string, SampleRecord>> HeldAsync(PostgresSession session, int queue, IEnumerable<string> samples) => (await session.QueryAsync<SampleRecord>(
        $"SELECT samples.id AS Id, token AS Token, spec_hash AS SpecHash, state AS State, failures AS Failures FROM samples, {Named} WHERE {IsNamed} ORDER BY ordinal FOR UPDATE OF samples",
        new { queue, ids = samples.Distinct(StringComparer.Ordinal).ToArray() })).ToDictionary(row => row.Id, StringComparer.Ordinal);

    private sealed record Waiting(string Id, long Ordinal, long AvailableAt);

    private static bool IsHeld(Dictionary<string, SampleRecord> rows, LeaseKey lease) => rows.TryGetValue(lease.Sample, out SampleRecord? row) && row.State == "leased" && row.Token == lease.Token;

    private static string[] Ids(IEnumerable<LeaseKey> leases) => [.. leases.Select(lease => lease.Sample)];
}
