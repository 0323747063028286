using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Telemetry.Prometheus;

/// <summary>What is exported, and how an instrument's name and unit become a family's name.</summary>
public static class MetricFamilies
{
    /// <summary>The meters: our own, and the runtime's (memory, garbage collection, threads).</summary>
    public static IReadOnlyList<string> Meters { get; } = [SeaInstrumentation.Name, "System.Runtime"];
}
