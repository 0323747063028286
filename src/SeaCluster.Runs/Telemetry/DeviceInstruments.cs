using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using SeaCluster.Torch;
using static TorchSharp.torch;

namespace SeaCluster.Runs.Telemetry;

/// <summary>Memory and utilisation of the GPUs that this process uses. On a CPU, or where the driver does not tell, a series is absent, not zero.</summary>
internal static class DeviceInstruments
{
    private static readonly ConcurrentDictionary<int, byte> s_used = new();

    static DeviceInstruments()
    {
        Memory("seacluster.device.memory.allocated", "Device memory held by tensors of this process.", memory => memory.Allocated);
        Memory("seacluster.device.memory.reserved", "Device memory held by this process' caching allocator, tensors included.", memory => memory.Reserved);
        Memory("seacluster.device.memory.free", "Device memory that no process holds.", memory => memory.Free);
        Memory("seacluster.device.memory.limit", "The device's memory.", memory => memory.Total);
        _ = SeaInstrumentation.Meter.CreateObservableGauge("seacluster.device.utilization", Utilization, "1", "Share of the last sample period in which the device computed, by its driver; absent on a CPU.");
    }

    /// <summary>This process computes on a device from now on.</summary>
    public static void Use(Device device)
    {
        if (device.type == TorchSharp.DeviceType.CUDA)
        {
            s_used[Math.Max(device.index, 0)] = 0;
        }
    }

    private static void Memory(string name, string description, Func<DeviceMemory, long?> part) => _ = SeaInstrumentation.Meter.CreateObservableGauge(
        name,
        () => s_used.Keys.Order().Select(index => (Index: index, Bytes: part(TorchRuntime.Memory(device($"cuda:{index}")))))
            .Where(each => each.Bytes is not null)
            .Select(each => new Measurement<long>(each.Bytes!.Value, new KeyValuePair<string, object?>(SeaTags.Device, $"cuda:{each.Index}"))),
        "By",
        description);

    private static IEnumerable<Measurement<double>> Utilization() => s_used.Keys.Order().Select(index => (Index: index, Share: NvidiaManagement.Utilization(index)))
        .Where(each => each.Share is not null)
        .Select(each => new Measurement<double>(each.Share!.Value, new KeyValuePair<string, object?>(SeaTags.Device, $"cuda:{each.Index}")));
}
