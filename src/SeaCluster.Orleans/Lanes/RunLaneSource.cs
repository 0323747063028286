using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Runs.Work;

namespace SeaCluster.Orleans.Lanes;

/// <summary>Opens the lane that a run's own stage makes.</summary>
internal sealed class RunLaneSource(SiloRuns runs) : ILaneSource
{
    /// <inheritdoc/>
    public async Task<OpenedLane> OpenAsync(RunReference run, string stage, CancellationToken stop)
    {
        RunMember member = await runs.OpenAsync(run, _ => { }, stop);
        try
        {
            SampleStage work = runs.Stages().OfType<SampleStage>().SingleOrDefault(each => each.Name.Text() == stage)
                ?? throw new SeaException($"{run.Folder}: {stage} is no stage of samples");
            RunContext context = member.Context(work.Name);
            WorkerOptions options = WorkerOptions.From(context.Spec.Work);
            return new OpenedLane(await work.OpenLaneAsync(context, stop), context.Artifacts, options.ArtifactFolder, options.ArtifactExtension) 
            {
                Owner = member,
                Trace = await RunTrace.JoinAsync(context.Ledger, context.Run, stage, stop),
            };
        }
        catch
        {
            await member.DisposeAsync();
            throw;
        }
    }
}
