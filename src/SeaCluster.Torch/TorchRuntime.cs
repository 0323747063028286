using TorchSharp;

namespace SeaCluster.Torch;

/// <summary>A device that tensors can live on.</summary>
/// <param name="Name">As <c>torch.device</c> takes it: <c>cpu</c>, <c>cuda:0</c>.</param>
/// <param name="Description">The maker's name for it.</param>
public sealed record TorchDevice(string Name, string Description)
{
    /// <summary>The device itself.</summary>
    public torch.Device Device => torch.device(Name);
}

/// <summary>A device's memory in bytes; null where the backend cannot tell.</summary>
/// <param name="Allocated">Held by tensors.</param>
/// <param name="Reserved">Held by the caching allocator, tensors included.</param>
/// <param name="Free">Free on the device, for every process.</param>
/// <param name="Total">The device's memory.</param>
public sealed record DeviceMemory(long? Allocated, long? Reserved, long? Free, long? Total);

/// <summary>The machine under the tensors: threads, versions, devices and their memory.</summary>
public static class TorchRuntime
{
    /// <summary>
    /// Threads that one operation may use, for every thread that computes. libtorch's default can be one; without a call of
    /// <see cref="Initialize"/> it is the number of cores.
    /// </summary>
    public static int Threads => torch.get_num_threads();

    /// <summary>The version of libtorch.</summary>
    public static string Version => torch.__version__;

    /// <summary>What computes, in one line for logs and reports.</summary>
    public static string Description
    {
        get
        {
            var cuda = torch.cuda.device_count();
            return $"libtorch {Version} through {Backend.Name}, {Threads} thread{(Threads == 1 ? "" : "s")}, {(cuda == 0 ? "no CUDA" : $"{cuda} CUDA device{(cuda == 1 ? "" : "s")}")}";
        }
    }

    /// <summary>The CPU and every CUDA device.</summary>
    public static IReadOnlyList<TorchDevice> Devices =>
        [new("cpu", "CPU"), .. Enumerable.Range(0, torch.cuda.device_count()).Select(index => new TorchDevice($"cuda:{index}", Backend.CudaName(index)))];

    /// <summary>Sets how many threads one operation may use; the cores this process may use where not given.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is not positive.</exception>
    public static void Initialize(int? threads = null)
    {
        var count = threads ?? Environment.ProcessorCount;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count, nameof(threads));
        torch.set_num_threads(count);
    }

    /// <summary>Gives the calling thread its own count, for instance one thread for each of several lanes on one machine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is not positive.</exception>
    public static void PinCurrentThread(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        Backend.PinCurrentThread(threads);
    }

    /// <summary>The memory of a device: the machine's for the CPU.</summary>
    public static DeviceMemory Memory(torch.Device device) => device.type switch
    {
        DeviceType.CUDA => Backend.CudaMemory(Math.Max(device.index, 0)),
        DeviceType.CPU => HostMemory(),
        _ => new DeviceMemory(null, null, null, null),
    };

    /// <summary>Gives unused cached device memory back; false where the backend has no such call or nothing is cached.</summary>
    public static bool EmptyCache() => torch.cuda.device_count() > 0 && Backend.EmptyCache();

    private static DeviceMemory HostMemory()
    {
        // The limit is the container's where there is one; /proc/meminfo knows only the machine.
        var total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        long? free = null;
        if (File.Exists("/proc/meminfo"))
        {
            var line = File.ReadLines("/proc/meminfo").FirstOrDefault(x => x.StartsWith("MemAvailable:", StringComparison.Ordinal));
            if (line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..] && long.TryParse(kilobytes, out var count))
            {
                free = Math.Min(count * 1024, total);
            }
        }

        return new DeviceMemory(null, null, free, total);
    }
}
