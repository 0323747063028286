using System.Diagnostics.Metrics;

namespace SeaCluster.Runs.Telemetry;

/// <summary>What this process is and how it is.</summary>
internal static class ProcessInstruments
{
    static ProcessInstruments()
    {
        Meter meter = SeaInstrumentation.Meter;
        _ = meter.CreateObservableGauge("seacluster.build.info", () => new Measurement<long>(1, new KeyValuePair<string, object?>(SeaTags.Version, SeaInstrumentation.Version)), "1", "Always 1; its label is the program's version.");
        _ = meter.CreateObservableGauge("seacluster.health.ok", Health, "1", "What the readiness endpoint says of each check: 1 ok, 0 not.");
    }

    private static IEnumerable<Measurement<long>> Health() =>
        ProcessHealth.Current.Ready().Select(check => new Measurement<long>(check.Ok ? 1 : 0, new KeyValuePair<string, object?>(SeaTags.Check, check.Name)));
}
