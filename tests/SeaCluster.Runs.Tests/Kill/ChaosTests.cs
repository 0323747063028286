using System.Diagnostics;
using SeaCluster.Runs.Audit;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Tests.Ledgers;
using SeaCluster.Tests;
using Xunit.Abstractions;

namespace SeaCluster.Runs.Tests.Kill;

/// <summary>Real processes on a real PostgreSQL: one that drives the run, three that work on it, and everything done to them that operators fear.</summary>
[Collection(PostgresServer.Collection)]
public sealed class ChaosTests : IDisposable
{
    private const int Seed = 20261123;
    private const int Kills = 100;
    private const int Rows = 1200;
    private const int Workers = 3;
    private const int PartlyDone = 3;

    private readonly PostgresServer _server;
    private readonly ITestOutputHelper _output;
    private readonly TemporaryFolder _folder = new();
    private readonly Random _random = new(Seed);
    private readonly string _schema = $"c{Guid.NewGuid():N}"[..12];
    private readonly Child[] _workers = new Child[Workers];
    private readonly string _spec;
    private Child? _driver;

    public ChaosTests(PostgresServer server, ITestOutputHelper output)
    {
        (_server, _output) = (server, output);
        _spec = FakeRun.Write(_folder.PathOf("in"), Rows, bad: "row-5", flaky: "row-7");
        Directory.CreateDirectory(_folder.PathOf("runs"));
        File.WriteAllText(_spec, File.ReadAllText(_spec).Replace("lease: 2s", $"lease: 2s, local: false, lost_leases: 1000", StringComparison.Ordinal) + $"ledger: \"{server.Text(_schema)}\"\n");
    }

    private string Run => _folder.PathOf("runs", "chaos");

    public void Dispose()
    {
        _driver?.Dispose();
        foreach (Child? worker in _workers)
        {
            worker?.Dispose();
        }

        _folder.Dispose();
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task A_hundred_kills_freezes_restarts_of_the_database_and_jumps_of_its_clock_leave_the_results_of_an_undisturbed_run()
    {
        Child? frozen = null;
        _driver = Drive();
        for (int i = 0; i < Workers; i++)
        {
            _workers[i] = Host(stepwise: true);
        }

        for (int kill = 1; kill <= Kills; kill++)
        {
            int victim = _random.Next(Workers);
            foreach (Child other in _workers.Where((_, i) => i != victim))
            {
                await other.Input.WriteLineAsync();
            }

            if (_random.Next(6) == 0)
            {
                await _driver.KillAsync();
                _driver.Dispose();
                _driver = Drive();
            }
            else
            {
                await KillAtWorkAsync(victim, kill);
            }

            switch (kill)
            {
                case 20 or 50:
                    // Until long after its lease.
                    frozen = _workers[0];
                    (frozen.Lines.Exists(line => line.StartsWith("begin ", StringComparison.Ordinal)) || await frozen.SaysAsync("begin ")).ShouldBeTrue(await Told(frozen));
                    frozen.Signal("STOP");
                    _workers[0] = Host(stepwise: true);
                    break;
                case 35 or 65:
                    frozen!.Signal("CONT");
                    frozen.Input.Close();
                    frozen.Dispose();
                    break;
                case 30 or 60:
                    await _server.StopAsync();
                    await _server.StartAsync();
                    if (_driver.HasExited)
                    {
                        // It was starting just then, and said so.
                        _driver.Dispose();
                        _driver = Drive();
                    }

                    break;
                case 40 or 75:
                    string jump = kill == 40 ? "+ 3600000" : "+ 3590000";
                    await _server.AskAsync($"CREATE OR REPLACE FUNCTION {_schema}.sea_now() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint {jump}'");
                    break;
            }
        }

        (await _server.AskAsync($"SELECT count(*) FROM {_schema}.samples WHERE state NOT IN ('done', 'quarantined')")).ShouldNotBe(0L, "the run was at work until the last kill");
        await EndAsync();
        await EqualsUndisturbedAsync();
        _output.WriteLine($"{Kills} kills; samples were begun {await _server.AskAsync($"SELECT sum(attempts) FROM {_schema}.samples")} times for {Rows} rows");
    }

    [RequiresFact($"{PostgresServer.Needed} mount umount")]
    public async Task A_full_disk_under_the_results_stops_nothing_for_good()
    {
        _driver = Drive();
        (await _driver.SaysAsync("at StageEnding")).ShouldBeTrue(await Told(_driver));
        string results = Directory.CreateDirectory(Path.Combine(Run, "embeddings")).FullName;
        if (!Mount("-t", "tmpfs", "-o", "size=160k", "tmpfs", results))
        {
            _output.WriteLine("not allowed to mount: nothing tried");
            return;
        }

        try
        {
            using (Child full = Host(stepwise: false))
            {
                (await full.SaysAsync("aside ")).ShouldBeTrue(await Told(full));
                full.Lines[^1].ShouldMatch("aside .*embeddings: cannot write the artifact of 'row-[0-9]+': No space left on device.*");
                await full.KillAsync();
            }

            Directory.GetFiles(results, "*.tmp").ShouldBeEmpty();
            Mount("-o", "remount,size=64m", results).ShouldBeTrue();
            await EndAsync();
            await EqualsUndisturbedAsync();
        }
        finally
        {
            using Process unmount = Process.Start("umount", ["-l", results]);
            await unmount.WaitForExitAsync();
        }
    }

    private async Task KillAtWorkAsync(int victim, int kill)
    {
        Child worker = _workers[victim];
        int ticks = _random.Next(5);
        for (int i = 0; i < ticks; i++)
        {
            await worker.Input.WriteLineAsync();
        }

        (await worker.SaysAsync(ticks == 0 ? "begin " : "step ")).ShouldBeTrue($"kill {kill}: {await Told(worker)}");
        await worker.KillAsync();
        worker.Dispose();
        _workers[victim] = Host(stepwise: true);
    }

    // Workers that nobody holds back.
    private async Task EndAsync()
    {
        for (int i = 0; i < Workers; i++)
        {
            _workers[i]?.Dispose();
            _workers[i] = Host(stepwise: false);
        }

        Task[] read = [.. _workers.Select(worker => worker.EndAsync())];
        (await _driver!.EndAsync()).ShouldBe(PartlyDone, await Told(_driver));
        foreach (Child worker in _workers)
        {
            worker.Signal("KILL");
        }

        await Task.WhenAll(read);
    }

    private async Task EqualsUndisturbedAsync()
    {
        string spec = _folder.PathOf("in", "alone.yaml"), alone = _folder.PathOf("alone");
        File.WriteAllText(spec, string.Join('\n', File.ReadLines(_spec).Where(line => !line.StartsWith("ledger:", StringComparison.Ordinal))).Replace("local: false, ", "", StringComparison.Ordinal));
        using Child undisturbed = new("run", spec, alone);
        (await undisturbed.EndAsync()).ShouldBe(PartlyDone, await Told(undisturbed));
        RunFiles.Of(Run).ShouldBe(RunFiles.Of(alone));
        (await RunFiles.SamplesAsync(Run)).ShouldBe(await RunFiles.SamplesAsync(alone));
        AuditReport audit = await new RunAudit([new FakeRun().Synthesize()], TimeProvider.System).RunAsync(new RunFolder(Run));
        audit.Checks.SelectMany(check => check.Problems).ShouldBeEmpty();
    }

    private Child Drive() => new("run", _spec, Run);

    private Child Host(bool stepwise) => stepwise ? new("host", _folder.PathOf("runs"), "stepwise") : new("host", _folder.PathOf("runs"));

    private static async Task<string> Told(Child child)
    {
        string errors = child.HasExited ? await child.Errors : "";
        return $"{string.Join('\n', child.Lines.TakeLast(5))} {errors}";
    }

    private static bool Mount(params string[] arguments)
    {
        using Process mount = Process.Start(new ProcessStartInfo("mount", arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        mount.WaitForExit();
        return mount.ExitCode == 0;
    }
}
