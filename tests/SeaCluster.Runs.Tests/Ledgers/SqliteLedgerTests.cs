using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;
using SeaCluster.Tests;

namespace SeaCluster.Runs.Tests.Ledgers;

public sealed class SqliteLedgerTests : LedgerConformance, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Checks))]
    public Task Conforms(string check) => CheckAsync(check);

    protected override Task<ILedger> OpenAsync(string store) => Task.FromResult<ILedger>(Open(store));

    protected override Task ForgetCountsAsync(string store)
    {
        Execute(store, "DROP TRIGGER samples_added; DROP TRIGGER samples_removed; DROP TRIGGER samples_changed; DROP TABLE sample_counts; DELETE FROM migrations WHERE version = 3");
        return Task.CompletedTask;
    }

    protected override Task AdvanceAsync(TimeSpan by)
    {
        Time.Advance(by);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_ledger_of_a_newer_version_is_refused()
    {
        await (await MadeAsync("new")).DisposeAsync();
        Execute("new", "INSERT INTO migrations (version, name, applied_at) VALUES (99, '0099_future.sql', 0)");

        SeaException error = Should.Throw<SeaException>(() => Open("new"));
        error.Message.ShouldBe($"{_folder.PathOf("new.db")}: the ledger has schema version 99, this program knows up to 3: a newer version wrote it");
        error.Hint.ShouldBe("use that version or a newer one");
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused()
    {
        _folder.Write("text.db", string.Concat(Enumerable.Repeat("this is a text, not a database. ", 100)));
        Should.Throw<SeaException>(() => Open("text")).Message.ShouldBe($"{_folder.PathOf("text.db")}: is not a ledger (not an SQLite file)");
    }

    [Fact]
    public void Another_programs_database_is_refused()
    {
        Execute("other", "CREATE TABLE cookies (name TEXT)");
        Should.Throw<SeaException>(() => Open("other")).Message.ShouldBe($"{_folder.PathOf("other.db")}: is an SQLite file of another program, not a ledger");
    }

    [Fact]
    public async Task A_damaged_ledger_is_refused_with_what_to_do()
    {
        await using (ILedger ledger = await MadeAsync("torn"))
        {
            await ledger.EnqueueAsync("run", "synthesize", "hash", [.. Enumerable.Range(0, 500).Select(n => new NewSample($"s{n}", new string('x', 200)))]);
        }

        Execute("torn", "PRAGMA wal_checkpoint(TRUNCATE)");
        string path = _folder.PathOf("torn.db");
        byte[] bytes = File.ReadAllBytes(path);
        bytes.AsSpan(16 * 4096, 4096 * 8).Fill(0x5a);
        File.WriteAllBytes(path, bytes);

        SeaException error = Should.Throw<SeaException>(() => Open("torn"));
        error.Message.ShouldStartWith($"{path}: the ledger is damaged: ");
        error.Hint!.ShouldContain("restore ledger.db");
    }

    [Fact]
    public void A_missing_ledger_is_named()
    {
        Should.Throw<SeaException>(() => SqliteLedger.Open(_folder.PathOf("none.db"), Time, create: false)).Message
            .ShouldBe($"{_folder.PathOf("none.db")}: there is no ledger");
        Should.Throw<SeaException>(() => SqliteLedger.Open(_folder.PathOf("no", "folder", "none.db"), Time)).Message.ShouldContain("cannot open the ledger");
    }

    [RequiresOrdinaryUserFact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_ledger_in_a_folder_that_cannot_be_written_is_read_with_and_without_a_log()
    {
        const UnixFileMode look = UnixFileMode.UserRead | UnixFileMode.UserExecute;
        string closed = _folder.PathOf("read only 100%", "ledger.db"), log = closed + "-wal";
        Directory.CreateDirectory(Path.GetDirectoryName(closed)!);
        await using (SqliteLedger ledger = SqliteLedger.Open(closed, Time))
        {
            await ledger.CreateRunAsync(new NewRun("run", "night", "spec", "hash", "[]"));
            foreach (string file in Directory.GetFiles(Path.GetDirectoryName(closed)!))
            {
                // As a killed process leaves it: entries in the log alone.
                File.Copy(file, _folder.PathOf(Path.GetFileName(file)));
            }
        }

        File.Exists(log).ShouldBeFalse();
        foreach (string path in new[] { closed, _folder.PathOf("ledger.db") })
        {
            string folder = Path.GetDirectoryName(path)!;
            UnixFileMode before = File.GetUnixFileMode(folder);
            File.SetUnixFileMode(folder, look);
            try
            {
                await using SqliteLedger ledger = SqliteLedger.Open(path, Time, create: false);
                (await ledger.RunsAsync()).ShouldHaveSingleItem().Name.ShouldBe("night");
            }
            finally
            {
                File.SetUnixFileMode(folder, before);
            }
        }
    }

    [Fact]
    public async Task A_process_that_holds_the_ledger_for_too_long_is_named_as_the_reason()
    {
        await using ILedger made = await MadeAsync("held");
        await using SqliteConnection holder = new($"Data Source={_folder.PathOf("held.db")};Pooling=False");
        holder.Open();
        using SqliteTransaction transaction = holder.BeginTransaction(deferred: false);

        await using SqliteLedger late = SqliteLedger.Open(_folder.PathOf("held.db"), Time, busy: TimeSpan.FromMilliseconds(1));
        (await Should.ThrowAsync<SeaException>(() => late.AppendEventAsync("run", new NewEvent("note")))).Message
            .ShouldBe($"{_folder.PathOf("held.db")}: another process held the ledger for too long");
    }

    [Fact]
    public async Task The_log_is_written_ahead()
    {
        await using ILedger ledger = await MadeAsync("modes");
        File.Exists(_folder.PathOf("modes.db-wal")).ShouldBeTrue();
        Query("modes", "PRAGMA journal_mode").ShouldBe("wal");
        Query("modes", "SELECT count(*) FROM migrations").ShouldBe(3L);
    }

    [Fact]
    public async Task Stored_texts_never_change()
    {
        await using ILedger ledger = await MadeAsync("texts");
        string schema = (string)Query("texts", "SELECT group_concat(sql) FROM sqlite_schema WHERE name IN ('runs', 'stages', 'samples')")!;
        foreach (string state in Enum.GetNames<SampleState>().Concat(Enum.GetNames<RunState>()).Concat(Enum.GetNames<StageState>()))
        {
            schema.ShouldContain($"'{state.ToLowerInvariant()}'");
        }
    }

    [Fact]
    public async Task A_million_samples_would_be_counted_and_leased_by_index()
    {
        await using ILedger ledger = await MadeAsync("plans");
        Plan("SELECT id FROM samples WHERE run = 'r' AND stage = 's' AND available_at <= 5 ORDER BY available_at, ordinal LIMIT 8").ShouldContain("samples_available");
        Plan("SELECT state, count(*) FROM samples WHERE run = 'r' AND stage = 's' GROUP BY state").ShouldContain("COVERING INDEX samples_by_state");
        Plan("SELECT min(available_at) FROM samples WHERE run = 'r' AND stage = 's' AND available_at IS NOT NULL").ShouldContain("COVERING INDEX samples_available");
        Plan("SELECT id FROM samples WHERE run = 'r' AND stage = 's' AND ordinal > 7 ORDER BY ordinal LIMIT 8").ShouldContain("samples_in_order");
        Plan("SELECT id FROM samples WHERE run = 'r' AND stage = 's' AND ordinal > 7 AND state = 'failed' ORDER BY ordinal LIMIT 8")
            .ShouldContain("samples_by_state (run=? AND stage=? AND state=? AND ordinal>?)");
        Plan("SELECT count(*) FROM samples WHERE run = 'r' AND stage = 's' AND state = 'done' AND updated_at >= 5").ShouldContain("COVERING INDEX samples_done");
        Plan("UPDATE samples INDEXED BY samples_by_state SET state = 'quarantined', available_at = NULL WHERE run = 'r' AND stage = 's' AND available_at <= 5 AND state = 'leased'")
            .ShouldContain("samples_by_state (run=? AND stage=? AND state=?)");
    }

    private string Plan(string sql)
    {
        using SqliteConnection connection = new($"Data Source={_folder.PathOf("plans.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = new($"EXPLAIN QUERY PLAN {sql}", connection);
        using SqliteDataReader reader = command.ExecuteReader();
        List<string> lines = [];
        while (reader.Read())
        {
            lines.Add(reader.GetString(3));
        }

        return string.Join('\n', lines);
    }

    private SqliteLedger Open(string store) => SqliteLedger.Open(_folder.PathOf($"{store}.db"), Time);

    private async Task<ILedger> MadeAsync(string store)
    {
        ILedger ledger = Open(store);
        await ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        return ledger;
    }

    private void Execute(string store, string sql) => Query(store, sql);

    private object? Query(string store, string sql)
    {
        using SqliteConnection connection = new($"Data Source={_folder.PathOf($"{store}.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = new(sql, connection);
        return command.ExecuteScalar();
    }
}
