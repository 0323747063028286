using Microsoft.Extensions.Hosting;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Telemetry;

/// <summary>Watches runs for as long as the host runs.</summary>
internal sealed class RunWatchService(string root, SeaTelemetryOptions options) : IHostedService, IAsyncDisposable
{
    private RunWatch? _watch;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _watch = new RunWatch(root, options.Ledger, TimeProvider.System, options.Health, options.LookEvery);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _watch, null) is { } watch)
        {
            await watch.DisposeAsync();
        }
    }
}
