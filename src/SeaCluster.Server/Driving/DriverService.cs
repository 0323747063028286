using Microsoft.Extensions.Hosting;

namespace SeaCluster.Server.Driving;

/// <summary>Drives runs as long as the server runs.</summary>
internal sealed class DriverService(RunDriver driver, bool drives) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => drives ? driver.RunAsync(stoppingToken) : Task.CompletedTask;
}
