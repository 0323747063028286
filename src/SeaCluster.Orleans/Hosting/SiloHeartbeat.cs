using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Orleans.Hosting;

/// <summary>Tells the process's health that its silo takes part in the cluster. A silo that was declared dead is silent, whatever its threads do.</summary>
internal sealed class SiloHeartbeat(ISiloStatusOracle cluster, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_pace = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ProcessHealth health = ProcessHealth.Current;
        using PeriodicTimer pace = new(s_pace, time);
        do
        {
            if (cluster.CurrentStatus == SiloStatus.Active)
            {
                health.Beat();
                health.Started();
            }
        }
        while (await pace.WaitForNextTickAsync(stoppingToken));
    }
}
