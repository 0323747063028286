using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Status;
using SeaCluster.Runs.Tests.Ledgers;
using SeaCluster.Tests;

namespace SeaCluster.Runs.Tests.Coordination;

[Collection(PostgresServer.Collection)]
public sealed class PostgresRunTests(PostgresServer server) : IDisposable
{
    // A sample's next attempt is at a moment of the database's own clock: what is left until then is any number of milliseconds.
    private static bool Passes(TimeSpan wait) => wait < TimeSpan.FromSeconds(1) || wait.TotalSeconds is 1 or 2 or 4 or 8 or 16 or 30;

    private readonly TemporaryFolder _folder = new();
    private readonly SignallingTime _time = new();
    private readonly List<RunNotice> _notices = [];
    private readonly string _schema = $"r{Guid.NewGuid():N}"[..12];

    public void Dispose() => _folder.Dispose();

    [RequiresFact(PostgresServer.Needed)]
    public async Task Runs_share_a_database_and_each_folder_remembers_its_own_without_the_password()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 4, bad: "row-2");
        string address = server.Text(_schema, login: "sea:secret");
        (await DriveAsync(new FakeRun(), spec, "one", address)).State.ShouldBe(RunState.Partly);
        (await DriveAsync(new FakeRun(), spec, "two", address)).State.ShouldBe(RunState.Partly);

        RunFolder one = Out("one"), two = Out("two");
        File.Exists(one.Ledger).ShouldBeFalse();
        string remembered = File.ReadAllText(one.LedgerAddress);
        remembered.ShouldContain(server.Text(_schema));
        Directory.GetFiles(_folder.PathOf("one"), "*", SearchOption.AllDirectories).Where(file => File.ReadAllText(file).Contains("secret", StringComparison.Ordinal)).ShouldBeEmpty();
        ((string)(await server.AskAsync($"SELECT string_agg(spec, '') FROM {_schema}.runs"))!).ShouldNotContain("secret");
        File.ReadAllText(one.Spec).ShouldContain("ledger: null");

        RunStatus status = await RunStatusReader.ReadAsync(one, _time);
        status.Run.ShouldNotBe((await RunStatusReader.ReadAsync(two, _time)).Run);
        status.Quarantined.ShouldHaveSingleItem().Sample.ShouldBe("row-2");
        (await RunRetry.RetryAsync(one, null, _time)).ShouldBe(new PutBack(1, 0));
        (await RunStatusReader.ReadAsync(one, _time)).Quarantined.ShouldBeEmpty();
        (await RunStatusReader.ReadAsync(two, _time)).Quarantined.Count.ShouldBe(1);

        // The folder alone is enough to go on, and so is the spec without the address.
        (await DriveAsync(new FakeRun(), null, "one", null)).State.ShouldBe(RunState.Partly);
        (await DriveAsync(new FakeRun(), spec, "two", null)).State.ShouldBe(RunState.Partly);
        (await server.AskAsync($"SELECT count(*) FROM {_schema}.runs")).ShouldBe(2L);
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task A_run_stays_with_its_ledger()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 2);
        await DriveAsync(new FakeRun(), spec, "file", null);
        await DriveAsync(new FakeRun(), spec, "base", server.Text(_schema));

        SeaException error = await Should.ThrowAsync<SeaException>(() => DriveAsync(new FakeRun(), spec, "file", server.Text(_schema)));
        (error.Message, error.WrongUse).ShouldBe(($"{Out("file").Path}: the run's ledger is ledger.db, not {server.Text(_schema)}", true));
        (await Should.ThrowAsync<SeaException>(() => DriveAsync(new FakeRun(), spec, "base", server.Text(_schema + "x")))).Message
            .ShouldBe($"{Out("base").Path}: the run's ledger is {server.Text(_schema)}, not {server.Text(_schema + "x")}");

        await server.AskAsync($"TRUNCATE {_schema}.runs CASCADE");
        (await Should.ThrowAsync<SeaException>(() => DriveAsync(new FakeRun(), spec, "base", null))).Message
            .ShouldStartWith($"{server.Text(_schema)}: does not hold the run in-");
        File.WriteAllText(Out("base").LedgerAddress, "{");
        (await Should.ThrowAsync<SeaException>(() => RunStatusReader.ReadAsync(Out("base"), _time))).Message
            .ShouldStartWith($"{Out("base").LedgerAddress}: expected {{\"ledger\": \"postgres://...\", \"run\": \"ID\"}}: ");
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task A_run_waits_for_a_database_that_goes_away_and_ends_as_an_undisturbed_one()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 8);
        (await DriveAsync(new FakeRun(), spec, "undisturbed", null)).State.ShouldBe(RunState.Done);
        _notices.Clear();

        int stops = 0;
        Task starting = Task.CompletedTask;
        FakeRun run = new(line =>
        {
            // Once with samples in hand, once in the middle of the alignment.
            if ((line == "begin row-5" && stops == 0) || (line == "align 7" && stops == 1))
            {
                stops++;
                server.StopAsync().GetAwaiter().GetResult();
            }
        });
        RunOutcome outcome = await DriveAsync(run, spec, "disturbed", server.Text(_schema), notice =>
        {
            if (notice is RunNotice.LedgerAway { For.Ticks: 0 })
            {
                starting = Task.Run(server.StartAsync);
            }
        });
        await starting;

        (outcome.State, stops).ShouldBe((RunState.Done, 2));
        _notices.OfType<RunNotice.LedgerAway>().Count(notice => notice.For == TimeSpan.Zero).ShouldBe(2);
        _notices.OfType<RunNotice.LedgerBack>().Count().ShouldBe(2);
        _notices.OfType<RunNotice.LedgerAway>().First().Reason.ShouldStartWith($"{server.Text(_schema)}: the database ");
        FilesOf("disturbed").ShouldBe(FilesOf("undisturbed"));
        (await server.AskAsync($"SELECT count(*) FROM {_schema}.samples WHERE state = 'done' AND attempts = 1")).ShouldBe(8L);
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task Who_stops_a_run_that_waits_for_its_database_can_go_on_later()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 6);
        using CancellationTokenSource stop = new();
        int stops = 0;
        FakeRun run = new(line =>
        {
            if (line == "begin row-4" && stops++ == 0)
            {
                server.StopAsync().GetAwaiter().GetResult();
            }
        });
        await Should.ThrowAsync<OperationCanceledException>(() => RunAsync(
            run, TimeProvider.System, Spec(spec, server.Text(_schema), lease: "2s"), "out", notice => _ = notice is RunNotice.LedgerAway ? stop.CancelAsync() : Task.CompletedTask, stop.Token));

        SeaException error = await Should.ThrowAsync<SeaException>(() => DriveAsync(new FakeRun(), null, "out", null));
        error.Message.ShouldStartWith($"{server.Text(_schema)}: the database cannot be reached: ");
        error.InnerException.ShouldBeOfType<LedgerAwayException>();
        await server.StartAsync();
        // What it could not give back comes back by the database's time.
        (await RunAsync(new FakeRun(), TimeProvider.System, null, "out", null, CancellationToken.None)).State.ShouldBe(RunState.Done);
    }

    private RunFolder Out(string name) => new(_folder.PathOf(name));

    private static RunSpec? Spec(string? spec, string? ledger, string lease) =>
        spec is null ? null : SpecReader.Load(spec, [new("work.lease", lease), .. ledger is null ? [] : new KeyValuePair<string, string>[] { new("ledger", ledger) }]);

    private Task<RunOutcome> DriveAsync(FakeRun run, string? spec, string folder, string? ledger, Action<RunNotice>? on = null, CancellationToken stop = default) =>
        _time.Drive(RunAsync(run, _time, Spec(spec, ledger, lease: "1m"), folder, on, stop), Passes);

    private Task<RunOutcome> RunAsync(FakeRun run, TimeProvider time, RunSpec? spec, string folder, Action<RunNotice>? on, CancellationToken stop) => Task.Run(
        () => run.Engine(time).RunAsync(
            Out(folder),
            spec,
            new Notices(notice =>
            {
                lock (_notices)
                {
                    _notices.Add(notice);
                }

                on?.Invoke(notice);
            }),
            stop),
        CancellationToken.None);

    private SortedDictionary<string, string> FilesOf(string folder) => new(
        Directory.GetFiles(_folder.PathOf(folder), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(_folder.PathOf(folder), file))
            .Where(name => !name.StartsWith("ledger", StringComparison.Ordinal) && name[0] != '.' && name != "events.jsonl")
            .ToDictionary(name => name, name => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(_folder.PathOf(folder, name))))),
        StringComparer.Ordinal);
}
