using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Prometheus;

namespace SeaCluster.Telemetry;

/// <summary>Export through the OpenTelemetry SDK.</summary>
internal static class MetricsExport
{
    /// <summary>What exports, for messages.</summary>
    public const string Name = "the OpenTelemetry exporter";

    public static void Add(IServiceCollection services, SeaTelemetryOptions options)
    {
        OpenTelemetryBuilder builder = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(options.Service, serviceVersion: SeaInstrumentation.Version).AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics.AddMeter([.. MetricFamilies.Meters]).AddPrometheusExporter(prometheus =>
            {
                // What holds for a whole process is Prometheus' own labels and seacluster_build_info.
                (prometheus.ScopeInfoEnabled, prometheus.TargetInfoEnabled) = (false, false);
            }));
        if (OtlpEnvironment.IsSet)
        {
            builder.WithTracing(traces => traces.AddSource(SeaInstrumentation.Name)
                // Who scrapes and probes does so all day, and asks nothing of a run.
                .AddAspNetCoreInstrumentation(asked => asked.Filter = context => !SeaPaths.All.Contains(context.Request.Path.Value ?? "")))
                .UseOtlpExporter();
        }
    }

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints) => endpoints.MapPrometheusScrapingEndpoint(SeaPaths.Metrics);
}
