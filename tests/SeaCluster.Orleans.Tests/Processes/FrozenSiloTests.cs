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

/// <summary>A silo that stands still past its own death, and then goes on as if nothing had been.</summary>
[Collection(PostgresServer.Collection)]
public sealed class FrozenSiloTests(PostgresServer server)
{
    [LongFact(PostgresServer.Needed + " kill")]
    public async Task A_frozen_GPU_silo_is_passed_over_and_its_late_results_change_nothing()
    {
        using TemporaryFolder folder = new();
        string root = Directory.CreateDirectory(folder.PathOf("runs")).FullName, cluster = server.Text("frozen");
        SiloRole[] roles = [SiloRole.Trainer, SiloRole.Gpu, SiloRole.Gpu];
        SiloProcess[] silos = await Task.WhenAll(roles.Select(role => SiloProcess.StartAsync(root, role, cluster, "frozen", 50)));
        try
        {
            RunFolder run = new(Path.Combine(root, "one"));
            RunSpec spec = SpecReader.Load(FakeRun.Write(folder.PathOf("input"), rows: 200), [new("ledger", $"\"{server.Text("ledger_frozen")}\"")]);
            Stages stages = new();
            Task<RunOutcome> running = Cluster.RunAsync(ClusterAddress.Parse(cluster), "frozen", run, spec, new Notices(stages.On), CancellationToken.None);
            await stages.ReachAsync(StageName.Synthesize, 30);
            silos[1].Signal("STOP");
            // The others do what it held: more is done than was left to them when it froze.
            await stages.ReachAsync(StageName.Synthesize, 150);
            silos[1].Signal("CONT");

            RunOutcome outcome = await running;

            outcome.State.ShouldBe(RunState.Done, outcome.Error?.Message);
            RunFolder undisturbed = new(folder.PathOf("undisturbed"));
            await new FakeRun().Engine(TimeProvider.System).RunAsync(undisturbed, spec with { Ledger = null }, null, CancellationToken.None);
            await run.ShouldEqualAsync(undisturbed);
        }
        finally
        {
            Array.ForEach(silos, silo => silo.Dispose());
        }
    }
}
