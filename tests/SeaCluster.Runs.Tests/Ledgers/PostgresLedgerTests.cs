using System.Globalization;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Tests;

namespace SeaCluster.Runs.Tests.Ledgers;

[Collection(PostgresServer.Collection)]
public sealed class PostgresLedgerTests(PostgresServer server) : LedgerConformance, IDisposable
{
    private readonly string _name = $"t{Guid.NewGuid():N}"[..12];
    private readonly HashSet<string> _opened = [];
    private readonly SemaphoreSlim _turn = new(1, 1);

    public void Dispose() => _turn.Dispose();

    protected override int Histories => 8;

    [RequiresTheory(PostgresServer.Needed)]
    [MemberData(nameof(Checks))]
    public Task Conforms(string check) => CheckAsync(check);

    // The schema's one clock is replaced by one that stands still until told; only a test that owns the schema can do that.
    protected override async Task<ILedger> OpenAsync(string store)
    {
        string schema = SchemaOf(store);
        PostgresLedger ledger = await PostgresLedger.OpenAsync(server.Address(schema));
        ledger.OverdueEvery = TimeSpan.Zero;
        await _turn.WaitAsync();
        try
        {
            if (_opened.Add(schema))
            {
                await server.AskAsync(
                    $"""
                    CREATE TABLE "{schema}".stopped_clock AS SELECT {Now}::bigint AS now;
                    CREATE OR REPLACE FUNCTION "{schema}".sea_now() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT now FROM "{schema}".stopped_clock'
                    """);
            }
        }
        finally
        {
            _turn.Release();
        }

        return ledger;
    }

    protected override Task ForgetCountsAsync(string store) => server.AskAsync(
        $"""
        SET search_path TO {SchemaOf(store)}; DROP FUNCTION sea_count_added, sea_count_removed, sea_count_changed CASCADE;
        DROP TABLE sample_counts; DROP INDEX samples_lost, samples_settled; CREATE INDEX samples_leased ON samples (queue, available_at); CREATE INDEX samples_done ON samples (queue, updated_at); DELETE FROM migrations WHERE version = 3
        """);

    protected override async Task AdvanceAsync(TimeSpan by)
    {
        await _turn.WaitAsync();
        try
        {
            Time.Advance(by);
            await server.AskAsync(string.Join(';', _opened.Select(schema => $"UPDATE \"{schema}\".stopped_clock SET now = {Now}")));
        }
        finally
        {
            _turn.Release();
        }
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task What_a_group_of_samples_costs_hangs_on_the_group_and_not_on_the_queue()
    {
        const int Queue = 20_000, Group = 64, Groups = 8;
        string schema = SchemaOf("large");
        await using (PostgresLedger ledger = await PostgresLedger.OpenAsync(server.Address(schema)))
        {
            await ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "[]"));
            foreach (int[] page in Enumerable.Range(0, Queue).Chunk(Queue / 4))
            {
                await ledger.EnqueueAsync("run", "synthesize", "hash", [.. page.Select(n => new NewSample($"s{n}", "{}"))]);
            }

            LeaseTerms terms = new("worker", TimeSpan.FromMinutes(1));
            for (int group = 0; group < Groups; group++)
            {
                IReadOnlyList<Lease> leases = await ledger.LeaseAsync("run", "synthesize", Group, terms);
                await ledger.RenewAsync("run", "synthesize", [.. leases.Select(lease => lease.Key)], terms.Duration);
                await ledger.CompleteAsync("run", "synthesize", [.. leases.Select(lease => new Completion(lease.Sample, lease.Token, lease.SpecHash))]);
                await ledger.NextAvailableAsync("run", "synthesize");
                await ledger.CountsAsync("run", "synthesize");
                await ledger.SamplesAsync("run", "synthesize", new SampleQuery(SampleState.Done, After: group, Limit: Group));
                await ledger.SamplesAsync("run", "synthesize", new SampleQuery(After: Queue / 2, Limit: Group));
            }
        }

        // The server counts a connection's reads once it has ended.
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        long read = 0;
        while (read < 4 * Group * Groups)
        {
            limit.Token.ThrowIfCancellationRequested();
            read = Convert.ToInt64(await server.AskAsync($"SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables WHERE schemaname = '{schema}' AND relname = 'samples'"), CultureInfo.InvariantCulture);
        }

        read.ShouldBeLessThan(20 * Group * Groups, (string)(await server.AskAsync(
            $"SELECT string_agg(concat_ws(' ', indexrelname, idx_scan, idx_tup_read, idx_tup_fetch), E'\n') FROM pg_stat_user_indexes WHERE schemaname = '{schema}' AND relname = 'samples'"))!);
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task The_clock_is_the_databases()
    {
        await using PostgresLedger ledger = await PostgresLedger.OpenAsync(server.Address(SchemaOf("clock")));
        DateTimeOffset before = await NowOfServerAsync(), now = await ledger.NowAsync(), after = await NowOfServerAsync();
        now.ShouldBeInRange(before, after);
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task Many_processes_that_open_a_new_ledger_at_once_make_it_once()
    {
        PostgresLedger[] ledgers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => PostgresLedger.OpenAsync(server.Address(SchemaOf("crowd"))))));
        foreach (PostgresLedger ledger in ledgers)
        {
            (await ledger.RunsAsync()).ShouldBeEmpty();
            await ledger.DisposeAsync();
        }

        (await server.AskAsync($"SELECT count(*) FROM {SchemaOf("crowd")}.migrations")).ShouldBe(3L);
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task A_ledger_of_a_newer_version_is_refused()
    {
        await using (await OpenAsync("new"))
        {
            await server.AskAsync($"INSERT INTO {SchemaOf("new")}.migrations (version, name, applied_at) VALUES (99, '0099_future.sql', 0)");
        }

        SeaException error = await Should.ThrowAsync<SeaException>(() => OpenAsync("new"));
        error.Message.ShouldBe($"{server.Text(SchemaOf("new"))}: the ledger has schema version 99, this program knows up to 3: a newer version wrote it");
        error.Hint.ShouldBe("use that version or a newer one");
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task Another_programs_schema_is_refused_and_a_missing_ledger_is_named()
    {
        await server.AskAsync($"CREATE SCHEMA {SchemaOf("other")}; CREATE TABLE {SchemaOf("other")}.cookies (name text)");
        (await Should.ThrowAsync<SeaException>(() => OpenAsync("other"))).Message
            .ShouldBe($"{server.Text(SchemaOf("other"))}: the schema '{SchemaOf("other")}' holds tables of another program, not a ledger");
        (await Should.ThrowAsync<SeaException>(() => PostgresLedger.OpenAsync(server.Address(SchemaOf("none")), create: false))).Message
            .ShouldBe($"{server.Text(SchemaOf("none"))}: there is no ledger in the schema '{SchemaOf("none")}'");
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task A_user_who_only_owns_the_schema_can_make_the_ledger_in_it()
    {
        string schema = SchemaOf("own");
        await server.AskAsync($"CREATE ROLE {schema} LOGIN; CREATE SCHEMA {schema} AUTHORIZATION {schema}");
        await using PostgresLedger ledger = await PostgresLedger.OpenAsync(PostgresAddress.Parse(server.Text(schema, login: schema)));
        (await ledger.RunsAsync()).ShouldBeEmpty();

        SeaException error = await Should.ThrowAsync<SeaException>(() => PostgresLedger.OpenAsync(PostgresAddress.Parse(server.Text(schema + "x", login: schema))));
        error.Message.ShouldBe($"{server.Text(schema + "x", login: schema)}: the database user may not do this: permission denied for database postgres");
        error.Hint.ShouldBe($"the user must own the schema: CREATE SCHEMA {schema}x AUTHORIZATION the user");
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task A_refused_login_and_a_missing_database_are_named_without_the_password()
    {
        await server.AskAsync("DO $$ BEGIN CREATE ROLE locked LOGIN PASSWORD 'right'; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
        SeaException error = await Should.ThrowAsync<SeaException>(() => PostgresLedger.OpenAsync(PostgresAddress.Parse(server.Text("sea", login: "locked:wr%40ng"))));
        error.Message.ShouldBe($"{server.Text("sea", login: "locked")}: the database refuses the login: password authentication failed for user \"locked\"");
        error.ToString().ShouldNotContain("wr@ng");
        error.InnerException.ShouldNotBeOfType<LedgerAwayException>();

        (await Should.ThrowAsync<SeaException>(() => PostgresLedger.OpenAsync(PostgresAddress.Parse(server.Text("sea", database: "nowhere"))))).Message
            .ShouldBe($"{server.Text("sea", database: "nowhere")}: there is no such database: database \"nowhere\" does not exist");
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task Texts_of_any_characters_are_kept_and_code_0_is_replaced()
    {
        await using ILedger ledger = await OpenAsync("texts");
        await ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        await ledger.EnqueueAsync("run", "synthesize", "hash", [new NewSample("水'\"\\ {id}", "{\"text\":\"🌊 ; -- @x :y $1\"}")]);
        Lease lease = (await ledger.LeaseAsync("run", "synthesize", 1, new LeaseTerms("w", TimeSpan.FromSeconds(30)))).Single();
        await ledger.FailAsync("run", "synthesize", [new Failure(lease.Sample, lease.Token, "bad \0 byte")], new RetryPolicy(1, TimeSpan.Zero, TimeSpan.Zero));
        SampleRow row = (await ledger.SamplesAsync("run", "synthesize", new SampleQuery())).Single();
        (row.Id, row.Input, row.Error).ShouldBe(("水'\"\\ {id}", "{\"text\":\"🌊 ; -- @x :y $1\"}", "bad \uFFFD byte"));
        (await ledger.EventsAsync("run", 0, 10)).Select(each => (each.Sequence, each.Kind)).ShouldBe([(1L, "run_created"), (2L, "sample_quarantined")]);
    }

    private string SchemaOf(string store) => $"{_name}_{store.Replace('-', '_')}";

    private string Now => Time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private async Task<DateTimeOffset> NowOfServerAsync() =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)(await server.AskAsync("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"))!);
}
