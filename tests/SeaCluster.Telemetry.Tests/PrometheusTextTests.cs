using System.Diagnostics.Metrics;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Prometheus;

namespace SeaCluster.Telemetry.Tests;

/// <summary>The OpenTelemetry exporter, where it is built in, and the writer of our own tell the same.</summary>
[Collection(WholeProcess.Collection)]
public sealed class PrometheusTextTests
{
    [Fact]
    public async Task Both_ways_write_the_same_families_names_types_and_labels()
    {
        SeaInstrumentation.Initialize();
        using MetricReader reader = new(MetricFamilies.Meters);
        await using TelemetryHost host = await TelemetryHost.StartAsync("http://127.0.0.1:0", _ => { });
        using HttpClient client = new();
        Meter meter = SeaInstrumentation.Meter;
        meter.CreateCounter<long>("seacluster.test.things", "{thing}", "Counted: \\ and\nlines.").Add(3, new("seacluster.text", "a \"quoted\" \\ word\nand a line"), new("seacluster.two", 2));
        meter.CreateCounter<double>("seacluster.test.time", "s", "Seconds, added.").Add(1.5);
        meter.CreateCounter<long>("seacluster.test.bytes.moved", "By", "Bytes.").Add(5);
        meter.CreateCounter<int>("seacluster.test.total", null, "Without a unit.").Add(5);
        meter.CreateUpDownCounter<long>("seacluster.test.open", "{door}", "Up and down.").Add(-2);
        meter.CreateGauge<double>("seacluster.test.share", "1", "A share.").Record(0.25, new KeyValuePair<string, object?>("b", "y"), new KeyValuePair<string, object?>("a", "x"));
        meter.CreateGauge<double>("seacluster.test.percent", "%", "Percent.").Record(double.NaN);
        Histogram<double> advised = meter.CreateHistogram("seacluster.test.duration", "s", "Advised.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.5, 10, 100_000] });
        advised.Record(0.5);
        advised.Record(1e9);
        meter.CreateHistogram<double>("seacluster.test.sizes", "By", "Not advised.").Record(7, new KeyValuePair<string, object?>("seacluster.state", "été"));
        meter.CreateObservableCounter("seacluster.test.observed", () => 12L, "{thing}", "Observed.");
        meter.CreateObservableGauge("seacluster.test.seen", () => new[] { new Measurement<double>(1, new KeyValuePair<string, object?>("k", "1")), new Measurement<double>(2, new KeyValuePair<string, object?>("k", "2")) }, "s", "Seen.");

        string served = await client.GetStringAsync(new Uri(host.Addresses[0] + SeaPaths.Metrics));
        string own = PrometheusText.Write(reader.Read());
        Ours(own).ShouldBe(Ours(served));
        Shape(own).ShouldBe(Shape(served));
        own.ShouldContain("seacluster_test_things_total{seacluster_text=\"a \\\"quoted\\\" \\\\ word\\nand a line\",seacluster_two=\"2\"} 3\n");
        own.ShouldContain("seacluster_test_duration_seconds_bucket{le=\"+Inf\"} 2\n");
    }

    [Fact]
    public void An_observed_series_that_is_no_longer_told_is_gone()
    {
        using Meter meter = new("gone");
        string? told = "here";
        meter.CreateObservableGauge("state", () => told is null ? [] : new[] { new Measurement<long>(1, new KeyValuePair<string, object?>("k", told)) });
        using MetricReader reader = new(["gone"]);
        PrometheusText.Write(reader.Read()).ShouldContain("state{k=\"here\"} 1");
        told = null;
        PrometheusText.Write(reader.Read()).ShouldBe("");
    }

    // What this test measured itself, whole, values included.
    private static string[] Ours(string text) => [.. text.Split('\n').Where(line => line.Contains("seacluster_test", StringComparison.Ordinal))];

    // Everything, without values: the runtime's change between two looks.
    private static string[] Shape(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.StartsWith('#') ? line : line[..line.LastIndexOf(' ')]).Order(StringComparer.Ordinal)];
}
