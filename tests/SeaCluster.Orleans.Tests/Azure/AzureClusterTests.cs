using SeaCluster.Orleans.Tests.InProcess;
using SeaCluster.Orleans.Tests.Processes;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Tests;
using SeaCluster.Tests;

namespace SeaCluster.Orleans.Tests.Azure;

public sealed class AzureClusterTests
{
    [RequiresFact("azurite")]
    public async Task A_cluster_in_Azure_Storage_survives_a_killed_GPU_silo_and_a_killed_trainer()
    {
        using TemporaryFolder folder = new();
        using AzuriteServer server = await AzuriteServer.StartAsync();
        // The client in this process reads it too; no other test does.
        Environment.SetEnvironmentVariable(ClusterAddress.AzureVariable, server.Connection);
        string root = Directory.CreateDirectory(folder.PathOf("runs")).FullName;
        SiloRole[] roles = [SiloRole.Trainer, SiloRole.Trainer, SiloRole.Gpu, SiloRole.Gpu];
        SiloProcess[] silos = await Task.WhenAll(roles.Select(role => SiloProcess.StartAsync(root, role, "azure", "c", 30)));
        try
        {
            RunFolder run = new(Path.Combine(root, "one"));
            RunSpec spec = SpecReader.Load(FakeRun.Write(folder.PathOf("input"), rows: 160), []);
            Stages stages = new();
            Task<RunOutcome> running = Cluster.RunAsync(ClusterAddress.Parse("azure"), "c", run, spec, new Notices(stages.On), CancellationToken.None);
            await stages.ReachAsync(StageName.Synthesize, 30);
            await silos[^1].KillAsync();
            await stages.ReachAsync(StageName.Synthesize, 60);
            await silos.Single(silo => silo.Id == RunLock.HolderOf(run)!.ProcessId).KillAsync();

            RunOutcome outcome = await running;

            outcome.State.ShouldBe(RunState.Done, outcome.Error?.Message);
            RunFolder undisturbed = new(folder.PathOf("undisturbed"));
            await new FakeRun().Engine(TimeProvider.System).RunAsync(undisturbed, spec, null, CancellationToken.None);
            await run.ShouldEqualAsync(undisturbed);
        }
        finally
        {
            Array.ForEach(silos, silo => silo.Dispose());
        }
    }
}
