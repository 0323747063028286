using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Health;

namespace SeaCluster.Telemetry;

/// <summary>Telemetry of a web host.</summary>
public static class SeaTelemetryExtensions
{
    /// <summary>Exports the meter and the activity source: to Prometheus where <see cref="MapSeaTelemetry"/> maps it, and by OTLP where the OTEL_* variables say so.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddSeaTelemetry(this IServiceCollection services, Action<SeaTelemetryOptions>? configure = null)
    {
        SeaTelemetryOptions options = new();
        configure?.Invoke(options);
        SeaInstrumentation.Initialize();
        services.AddSingleton(options);
        services.AddSingleton(options.Health);
        if (options.Runs is { } root)
        {
            services.AddHostedService(_ => new RunWatchService(root, options));
        }

        MetricsExport.Add(services, options);
        return services;
    }

    /// <summary>Maps <c>/metrics</c>, <c>/healthz</c>, <c>/readyz</c> and <c>/startupz</c>.</summary>
    /// <param name="endpoints">Of a host with <see cref="AddSeaTelemetry"/>.</param>
    public static IEndpointRouteBuilder MapSeaTelemetry(this IEndpointRouteBuilder endpoints)
    {
        ProcessHealth health = endpoints.ServiceProvider.GetRequiredService<ProcessHealth>();
        MetricsExport.Map(endpoints).AllowAnonymous().DisableRateLimiting();
        endpoints.MapGet(SeaPaths.Live, context => HealthReport.WriteAsync(context, health.Live())).AllowAnonymous().DisableRateLimiting().ExcludeFromDescription();
        endpoints.MapGet(SeaPaths.Ready, context => HealthReport.WriteAsync(context, health.Ready())).AllowAnonymous().DisableRateLimiting().ExcludeFromDescription();
        endpoints.MapGet(SeaPaths.Startup, context => HealthReport.WriteAsync(context, health.Startup())).AllowAnonymous().DisableRateLimiting().ExcludeFromDescription();
        return endpoints;
    }
}
