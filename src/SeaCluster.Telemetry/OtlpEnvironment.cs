namespace SeaCluster.Telemetry;

/// <summary>The standard variables of OpenTelemetry that switch export by OTLP on.</summary>
internal static class OtlpEnvironment
{
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] s_endpoints = [Endpoint, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    public static bool IsSet => s_endpoints.Any(name => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name)))
        && !string.Equals(Environment.GetEnvironmentVariable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);
}
