using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using SeaCluster.Method.Synthesis;

namespace SeaCluster.Runs.Telemetry;

/// <summary>
/// What a lane does, step by step. It is registered while it works, so that occupancy is absent, not zero, where there is no lane. A step costs a few additions
/// and allocates nothing, whether or not somebody listens.
/// </summary>
public sealed class LaneInstruments : IDisposable
{
    private static readonly Counter<long> s_steps = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.lane.steps", "{step}", "Optimisation steps of a lane's batches.");
    private static readonly Counter<long> s_tokens = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.lane.tokens", "{token}", "Tokens of the batches that were stepped.");
    private static readonly Counter<long> s_embeddings = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.embeddings", "{embedding}", "Synthetic encoder outputs that were finished, by whether the model names their content.");

    private static readonly Histogram<double> s_duration = SeaInstrumentation.Meter.CreateHistogram(
        "seacluster.lane.step.duration", "s", "Time of one step of a lane's batch.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    private static readonly ConcurrentDictionary<LaneInstruments, byte> s_lanes = new();

    private readonly KeyValuePair<string, object?> _device;
    private readonly KeyValuePair<string, object?>[] _busyTags;
    private readonly KeyValuePair<string, object?>[] _freeTags;
    private volatile int _busy;
    private volatile int _slots;

    static LaneInstruments()
    {
        _ = SeaInstrumentation.Meter.CreateObservableGauge("seacluster.lane.slots", Slots, "{slot}", "Slots of the lanes at work, by whether a sample is in them.");
        _ = SeaInstrumentation.Meter.CreateObservableGauge("seacluster.lane.occupancy", Occupancy, "1", "Share of a lane's slots that have a sample in them; absent where no lane works.");
    }

    /// <param name="device">Name of the lane's device.</param>
    /// <param name="slots">Slots that it is planned to have.</param>
    public LaneInstruments(string device, int slots)
    {
        _device = new(SeaTags.Device, device);
        _busyTags = [_device, new(SeaTags.State, "busy")];
        _freeTags = [_device, new(SeaTags.State, "free")];
        _slots = slots;
        s_lanes[this] = 0;
    }

    /// <summary>A stream of the lane made a step.</summary>
    public void Stepped(LaneStep step)
    {
        (_busy, _slots) = (step.Busy, step.Slots);
        s_steps.Add(1, _device);
        s_tokens.Add(step.Tokens, _device);
        s_duration.Record(step.Time.TotalSeconds, _device);
    }

    /// <summary>The lane has nothing in hand and waits for a sample.</summary>
    public void Idle() => _busy = 0;

    /// <summary>A sample is finished.</summary>
    /// <param name="asked">The model was asked what it perceives.</param>
    /// <param name="perceived">It named the content.</param>
    public void Finished(bool asked, bool perceived) =>
        s_embeddings.Add(1, _device, new KeyValuePair<string, object?>(SeaTags.Perceived, !asked ? "not_asked" : perceived ? "yes" : "no"));

    /// <inheritdoc/>
    public void Dispose() => s_lanes.TryRemove(this, out _);

    // Several lanes of one device are one series.
    private static IEnumerable<Measurement<long>> Slots() => s_lanes.Keys.GroupBy(lane => lane._device.Value).SelectMany(lanes =>
    {
        LaneInstruments[] all = [.. lanes];
        long busy = all.Sum(lane => (long)lane._busy);
        return new[] { new Measurement<long>(busy, all[0]._busyTags), new Measurement<long>(all.Sum(lane => (long)lane._slots) - busy, all[0]._freeTags) };
    });

    private static IEnumerable<Measurement<double>> Occupancy() => s_lanes.Keys.GroupBy(lane => lane._device.Value).Select(lanes =>
    {
        LaneInstruments[] all = [.. lanes];
        return new Measurement<double>(all.Sum(lane => lane._busy) / (double)Math.Max(1, all.Sum(lane => lane._slots)), all[0]._device);
    });
}
