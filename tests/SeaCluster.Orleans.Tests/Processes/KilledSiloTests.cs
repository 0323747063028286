using System.Diagnostics;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Orleans.Tests.InProcess;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Tests;
using SeaCluster.Runs.Tests.Ledgers;
using SeaCluster.Tests;

namespace SeaCluster.Orleans.Tests.Processes;

/// <summary>Silos as processes, a cluster in PostgreSQL, and SIGKILL.</summary>
[Collection(PostgresServer.Collection)]
public sealed class KilledSiloTests(PostgresServer server) : IDisposable
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(10);
    private static int s_clusters;
    private readonly string _name = $"c{Interlocked.Increment(ref s_clusters)}";
    private readonly TemporaryFolder _folder = new();
    private readonly List<SiloProcess> _silos = [];
    private int _tick = 10;

    public void Dispose()
    {
        _silos.ForEach(silo => silo.Dispose());
        _folder.Dispose();
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task Killed_GPU_silos_a_new_one_and_a_killed_trainer_cost_no_result()
    {
        _tick = 50;
        await StartAsync(SiloRole.Trainer, SiloRole.Trainer, SiloRole.Gpu, SiloRole.Gpu, SiloRole.Gpu);
        (RunFolder folder, RunSpec spec) = Spec(rows: 400);
        Stages stages = new();
        Task<RunOutcome> run = RunAsync(folder, spec, stages);

        await stages.ReachAsync(StageName.Synthesize, 30);
        await _silos.First(silo => silo.Role == SiloRole.Gpu).KillAsync();
        await stages.ReachAsync(StageName.Synthesize, 80);
        await StartAsync(SiloRole.Gpu);
        await stages.ReachAsync(StageName.Synthesize, 130);
        await Driver(run).KillAsync();

        RunOutcome outcome = await run;
        outcome.State.ShouldBe(RunState.Done, outcome.Error?.Message);
        await folder.ShouldEqualAsync(await UndisturbedAsync(spec));
        _silos[^1].Lines.Count(line => line.Line.StartsWith("begin ", StringComparison.Ordinal)).ShouldBeGreaterThan(0);
        LongestPause().ShouldBeLessThan(Recovery);
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task A_trainer_killed_in_the_middle_of_the_training_is_followed_by_another_that_goes_on_from_the_checkpoint()
    {
        await StartAsync(SiloRole.Trainer, SiloRole.Trainer, SiloRole.Gpu);
        (RunFolder folder, RunSpec spec) = Spec(rows: 12);
        Stages stages = new();
        // Its lane and its training are slow: there is time to kill it.
        Task<RunOutcome> run = RunAsync(folder, spec, stages);
        await stages.ReachAsync(StageName.Align, 25);

        SiloProcess driver = Driver(run);
        await driver.KillAsync();

        (await run).State.ShouldBe(RunState.Done);
        await folder.ShouldEqualAsync(await UndisturbedAsync(spec));
        SiloProcess other = _silos.Single(silo => silo.Role == SiloRole.Trainer && silo != driver);
        int first = int.Parse(other.Lines.First(line => line.Line.StartsWith("align ", StringComparison.Ordinal)).Line[6..], System.Globalization.CultureInfo.InvariantCulture);
        first.ShouldBeGreaterThanOrEqualTo(20);
    }

    [RequiresFact(PostgresServer.Needed)]
    public async Task All_silos_killed_and_started_again_go_on_with_the_run()
    {
        await StartAsync(SiloRole.Trainer, SiloRole.Gpu, SiloRole.Gpu);
        (RunFolder folder, RunSpec spec) = Spec(rows: 120);
        Stages stages = new();
        Task<RunOutcome> run = RunAsync(folder, spec, stages);
        await stages.ReachAsync(StageName.Synthesize, 30);

        foreach (SiloProcess silo in _silos)
        {
            await silo.KillAsync();
        }

        Stopwatch clock = Stopwatch.StartNew();
        await StartAsync(SiloRole.Trainer, SiloRole.Gpu, SiloRole.Gpu);
        TimeSpan joined = clock.Elapsed;

        (await run).State.ShouldBe(RunState.Done);
        await folder.ShouldEqualAsync(await UndisturbedAsync(spec));
        LongestPause().ShouldBeLessThan(joined + Recovery + Recovery);
    }

    private string Cluster => server.Text("orleans");

    private async Task StartAsync(params SiloRole[] roles) =>
        _silos.AddRange(await Task.WhenAll(roles.Select(role => SiloProcess.StartAsync(Directory.CreateDirectory(_folder.PathOf("runs")).FullName, role, Cluster, _name, _tick))));

    private (RunFolder Folder, RunSpec Spec) Spec(int rows) =>
        (new RunFolder(_folder.PathOf("runs", "one")), SpecReader.Load(FakeRun.Write(_folder.PathOf("input"), rows), [new("ledger", $"\"{server.Text($"ledger_{_name}")}\"")]));

    private Task<RunOutcome> RunAsync(RunFolder folder, RunSpec spec, Stages stages) =>
        SeaCluster.Orleans.Cluster.RunAsync(ClusterAddress.Parse(Cluster), _name, folder, spec, new Notices(stages.On), CancellationToken.None);

    private async Task<RunFolder> UndisturbedAsync(RunSpec spec)
    {
        RunFolder folder = new(_folder.PathOf("undisturbed"));
        (await new FakeRun().Engine(TimeProvider.System).RunAsync(folder, spec with { Ledger = null }, null, CancellationToken.None)).State.ShouldBe(RunState.Done);
        return folder;
    }

    // The lock of the run folder names the process that drives it.
    private SiloProcess Driver(Task run)
    {
        run.IsCompleted.ShouldBeFalse();
        int id = RunLock.HolderOf(new RunFolder(_folder.PathOf("runs", "one")))!.ProcessId;
        return _silos.Single(silo => silo.Id == id);
    }

    private TimeSpan LongestPause()
    {
        long[] at = [.. _silos.SelectMany(silo => silo.Lines).Where(line => line.Line.StartsWith("begin ", StringComparison.Ordinal) || line.Line.StartsWith("step ", StringComparison.Ordinal)).Select(line => line.At).Order()];
        return Stopwatch.GetElapsedTime(0, at.Zip(at.Skip(1), (one, next) => next - one).Max());
    }
}
