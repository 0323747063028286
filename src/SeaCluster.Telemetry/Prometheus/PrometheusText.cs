using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace SeaCluster.Telemetry.Prometheus;

/// <summary>
/// Prometheus' text format, version 0.0.4: the same families, names and labels as the OpenTelemetry exporter writes
/// (Prometheus and OpenMetrics compatibility of the OpenTelemetry specification: unit and type become suffixes).
/// </summary>
public static class PrometheusText
{
    /// <summary>Of the answer.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The whole page, families by name.</summary>
    public static string Write(IEnumerable<MetricFamily> families)
    {
        StringBuilder text = new();
        foreach ((string name, MetricFamily family) in families.Select(family => (NameOf(family.Instrument), family)).OrderBy(each => each.Item1, StringComparer.Ordinal))
        {
            text.Append("# TYPE ").Append(name).Append(' ').Append(TypeOf(family.Instrument)).Append('\n');
            text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(family.Instrument.Description ?? "", quotes: false)).Append('\n');
            foreach (MetricSeries series in family.Series)
            {
                Write(text, name, family, series);
            }
        }

        return text.ToString();
    }

    /// <summary>The family's name: dots are underscores, the unit in words and <c>_total</c> for counters are suffixes.</summary>
    public static string NameOf(Instrument instrument)
    {
        string name = string.Concat(instrument.Name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter == ':' ? letter : '_'));
        string? unit = instrument.Unit switch
        {
            null or "" or "1" => null,
            "s" => "seconds",
            "ms" => "milliseconds",
            "By" => "bytes",
            "%" => "percent",
            ['{', ..] => null,
            { } other => other,
        };
        name = unit is null || name.EndsWith(unit, StringComparison.Ordinal) ? name : $"{name}_{unit}";
        return TypeOf(instrument) == "counter" && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    /// <summary>counter, gauge or histogram.</summary>
    public static string TypeOf(Instrument instrument) => instrument switch
    {
        _ when Is(instrument, typeof(Histogram<>)) => "histogram",
        _ when Is(instrument, typeof(Counter<>)) || Is(instrument, typeof(ObservableCounter<>)) => "counter",
        _ => "gauge",
    };

    private static bool Is(Instrument instrument, Type kind) => instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == kind;

    private static void Write(StringBuilder text, string name, MetricFamily family, MetricSeries series)
    {
        string labels = string.Join(',', series.Labels.Select(label => $"{label.Key.Replace('.', '_')}=\"{Escaped(label.Value, quotes: true)}\""));
        if (series.Buckets is not { } buckets)
        {
            text.Append(name).Append('{').Append(labels).Append("} ").Append(Number(series.Value)).Append('\n');
            return;
        }

        long below = 0;
        for (int i = 0; i < buckets.Count; i++)
        {
            below += buckets[i];
            string bound = i < family.Bounds!.Count ? Number(family.Bounds[i]) : "+Inf";
            text.Append(name).Append("_bucket{").Append(labels).Append(labels.Length > 0 ? "," : "").Append("le=\"").Append(bound).Append("\"} ").Append(below.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }

        text.Append(name).Append("_sum{").Append(labels).Append("} ").Append(Number(series.Value)).Append('\n');
        text.Append(name).Append("_count{").Append(labels).Append("} ").Append(below.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : double.IsNaN(value) ? "NaN" : value.ToString(CultureInfo.InvariantCulture);

    private static string Escaped(string value, bool quotes)
    {
        string escaped = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
