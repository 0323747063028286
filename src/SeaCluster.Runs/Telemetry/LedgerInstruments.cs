using System.Diagnostics.Metrics;

namespace SeaCluster.Runs.Telemetry;

/// <summary>How long the ledger takes to answer, and whether it does.</summary>
internal static class LedgerInstruments
{
    private static readonly Histogram<double> s_calls = SeaInstrumentation.Meter.CreateHistogram(
        "seacluster.ledger.call.duration", "s", "Time that the ledger took to answer a call, by what was asked and how it went.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.01, 0.1, 1, 10] });

    public static bool Enabled => s_calls.Enabled;

    public static void Called(string operation, string outcome, TimeSpan took)
    {
        if (s_calls.Enabled)
        {
            s_calls.Record(took.TotalSeconds, new KeyValuePair<string, object?>(SeaTags.Operation, operation), new KeyValuePair<string, object?>(SeaTags.Outcome, outcome));
        }
    }
}
