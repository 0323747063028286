using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace SeaCluster.Telemetry.Prometheus;

/// <summary>One series of a family.</summary>
/// <param name="Labels">By name.</param>
/// <param name="Value">Of a counter or gauge; the sum of a histogram.</param>
/// <param name="Buckets">Of a histogram: counts at or below each bound and above the last; else null.</param>
public sealed record MetricSeries(IReadOnlyList<KeyValuePair<string, string>> Labels, double Value, IReadOnlyList<long>? Buckets);

/// <summary>One instrument with all its series.</summary>
public sealed record MetricFamily(Instrument Instrument, IReadOnlyList<double>? Bounds, IReadOnlyList<MetricSeries> Series);

/// <summary>Listens to meters and keeps what they measure, for where the OpenTelemetry SDK is not there to do it.</summary>
public sealed class MetricReader : IDisposable
{
    // OpenTelemetry's, for histograms that advise none.
    private static readonly double[] s_bounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    // As many as the SDK keeps: labels that grow without end must not take the memory.
    private const int MostSeries = 2000;

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, Kept> _kept = new();
    private readonly Lock _reading = new();

    /// <param name="meters">Names of the meters to listen to.</param>
    public MetricReader(IReadOnlyList<string> meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (meters.Contains(instrument.Meter.Name))
            {
                listener.EnableMeasurementEvents(instrument, _kept.GetOrAdd(instrument, static each => new Kept(each)));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, kept) => ((Kept)kept!).Take(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, kept) => ((Kept)kept!).Take(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, kept) => ((Kept)kept!).Take(value, tags));
        _listener.Start();
    }

    /// <summary>What was measured so far. Observed instruments are asked now, and tell only what they now say.</summary>
    public IReadOnlyList<MetricFamily> Read()
    {
        lock (_reading)
        {
            foreach (Kept kept in _kept.Values.Where(each => each.Instrument.IsObservable))
            {
                kept.Clear();
            }

            _listener.RecordObservableInstruments();
            return [.. _kept.Values.Select(kept => kept.Family()).Where(family => family.Series.Count > 0)];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private sealed class Kept(Instrument instrument)
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, Series> _series = new(StringComparer.Ordinal);
        private readonly double[]? _bounds = instrument is Histogram<double> histogram ? [.. histogram.Advice?.HistogramBucketBoundaries ?? s_bounds] : null;
        private readonly bool _adds = !instrument.IsObservable && instrument is not Gauge<long> and not Gauge<double>;

        public Instrument Instrument => instrument;

        public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            KeyValuePair<string, string>[] labels = new KeyValuePair<string, string>[tags.Length];
            for (int i = 0; i < tags.Length; i++)
            {
                labels[i] = new(tags[i].Key, Convert.ToString(tags[i].Value, CultureInfo.InvariantCulture) ?? "");
            }

            Array.Sort(labels, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
            string key = string.Join('\n', labels.Select(label => $"{label.Key}={label.Value}"));
            lock (_gate)
            {
                if (!_series.TryGetValue(key, out Series? series))
                {
                    if (_series.Count >= MostSeries)
                    {
                        return;
                    }

                    _series[key] = series = new Series(labels, _bounds is null ? null : new long[_bounds.Length + 1]);
                }

                if (series.Buckets is { } buckets)
                {
                    int index = Array.FindIndex(_bounds!, bound => value <= bound);
                    buckets[index < 0 ? _bounds!.Length : index]++;
                }

                series.Value = _adds ? series.Value + value : value;
            }
        }

        public void Clear()
        {
            lock (_gate)
            {
                _series.Clear();
            }
        }

        public MetricFamily Family()
        {
            lock (_gate)
            {
                return new MetricFamily(instrument, _bounds, [.. _series.Values.Select(series => new MetricSeries(series.Labels, series.Value, series.Buckets is { } buckets ? [.. buckets] : null))]);
            }
        }

        private sealed class Series(KeyValuePair<string, string>[] labels, long[]? buckets)
        {
            public KeyValuePair<string, string>[] Labels => labels;

            public long[]? Buckets => buckets;

            public double Value { get; set; }
        }
    }
}
