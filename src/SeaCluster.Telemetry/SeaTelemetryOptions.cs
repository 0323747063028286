using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Telemetry;

/// <summary>What a process tells of itself.</summary>
public sealed class SeaTelemetryOptions
{
    /// <summary>Name of the service where OTEL_SERVICE_NAME does not say: sea-server, sea-worker, ...</summary>
    public string Service { get; set; } = "sea";

    /// <summary>A folder of runs to tell of (or one run's); null: the process tells only of itself. One or two processes of a cluster tell of the runs, not every worker.</summary>
    public string? Runs { get; set; }

    /// <summary>How to log in to the runs' database, where the addresses in their folders are not enough.</summary>
    public string? Ledger { get; set; }

    /// <summary>How often runs are looked at.</summary>
    public TimeSpan LookEvery { get; set; } = RunWatch.Every;

    /// <summary>What the health endpoints tell.</summary>
    public ProcessHealth Health { get; set; } = ProcessHealth.Current;
}

/// <summary>Paths that every process with an address serves, without authentication: they hold no sample, text or secret.</summary>
public static class SeaPaths
{
    /// <summary>Prometheus' text format.</summary>
    public const string Metrics = "/metrics";

    /// <summary>200 while the process lives.</summary>
    public const string Live = "/healthz";

    /// <summary>200 while it can work.</summary>
    public const string Ready = "/readyz";

    /// <summary>200 once it has started.</summary>
    public const string Startup = "/startupz";

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<string> All { get; } = [Metrics, Live, Ready, Startup];
}
