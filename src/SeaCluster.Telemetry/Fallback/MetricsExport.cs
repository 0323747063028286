using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SeaCluster.Models;
using SeaCluster.Telemetry.Prometheus;

namespace SeaCluster.Telemetry;

/// <summary>Export by the writer of our own, where the OpenTelemetry packages are left out.</summary>
internal static class MetricsExport
{
    /// <summary>What exports, for messages.</summary>
    public const string Name = "the writer of our own";

    public static void Add(IServiceCollection services, SeaTelemetryOptions options)
    {
        if (OtlpEnvironment.IsSet)
        {
            throw new SeaException(
                $"{OtlpEnvironment.Endpoint} is set, but this build is without the OpenTelemetry packages, which alone export by OTLP.",
                "Build with SeaPrometheusExporter=true ('sea setup' says whether the feeds have them), or unset it: /metrics is served either way.");
        }

        services.AddSingleton(_ => new MetricReader(MetricFamilies.Meters));
    }

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints)
    {
        MetricReader reader = endpoints.ServiceProvider.GetRequiredService<MetricReader>();
        return endpoints.MapGet(SeaPaths.Metrics, async (HttpContext context) =>
        {
            context.Response.ContentType = PrometheusText.ContentType;
            await context.Response.WriteAsync(PrometheusText.Write(reader.Read()), context.RequestAborted);
        });
    }
}
