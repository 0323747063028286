using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SeaCluster.Models;

namespace SeaCluster.Telemetry;

/// <summary>A small web host for processes that are no server themselves: a worker, a trainer, a run.</summary>
public sealed class TelemetryHost : IAsyncDisposable
{
    private readonly IHost? _host;

    private TelemetryHost(IHost? host, IReadOnlyList<string> addresses)
    {
        _host = host;
        Addresses = addresses;
    }

    /// <summary>Where it listens, with the ports that it was given; empty without addresses.</summary>
    public IReadOnlyList<string> Addresses { get; }

    /// <summary>Starts it. Without addresses nothing listens; OTLP export is on where the environment asks for it, else nothing is started at all.</summary>
    /// <param name="urls">Addresses to listen on, in Kestrel's syntax, several with <c>;</c> between them; null: none.</param>
    /// <param name="configure">Sets the options.</param>
    /// <param name="cancel">Stops the start.</param>
    /// <exception cref="SeaException">An address is wrong or taken.</exception>
    public static async Task<TelemetryHost> StartAsync(string? urls, Action<SeaTelemetryOptions> configure, CancellationToken cancel = default)
    {
        if (urls is null && !OtlpEnvironment.IsSet)
        {
            return new TelemetryHost(null, []);
        }

        if (urls is null)
        {
            HostApplicationBuilder plain = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
            plain.Configuration.AddEnvironmentVariables();
            plain.Services.AddSingleton<IHostLifetime, NoLifetime>();
            plain.Services.AddSeaTelemetry(configure);
            IHost exporter = plain.Build();
            await exporter.StartAsync(cancel);
            return new TelemetryHost(exporter, []);
        }

        // The content root is watched with all that is below it: never the folder that the command was started in.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(urls).UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);

        // Signals are the command's own: the host must neither end the process nor swallow them.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSeaTelemetry(configure);
        WebApplication host = builder.Build();
        host.MapSeaTelemetry();
        try
        {
            await host.StartAsync(cancel);
        }
        catch (Exception error) when (error is IOException or FormatException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            await host.DisposeAsync();
            throw new SeaException($"--urls {urls}: {error.Message}", "expected addresses such as http://127.0.0.1:9464 or http://+:9464", error) { WrongUse = error is FormatException or InvalidOperationException };
        }

        return new TelemetryHost(host, [.. host.Urls]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            // Flushes what is still to be exported.
            await _host.StopAsync(CancellationToken.None);
            await ((IAsyncDisposable)_host).DisposeAsync();
        }
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
