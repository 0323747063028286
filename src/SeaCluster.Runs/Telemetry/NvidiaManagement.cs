using System.Globalization;
using System.Runtime.InteropServices;

namespace SeaCluster.Runs.Telemetry;

/// <summary>The NVIDIA driver's own account of its devices (NVML), where the driver is there.</summary>
internal static partial class NvidiaManagement
{
    private const string Library = "libnvidia-ml.so.1";
    private static readonly Lazy<bool> s_there = new(() => NativeLibrary.TryLoad(Library, out _) && nvmlInit_v2() == 0);

    /// <summary>Share of the last sample period in which a kernel ran; null where the driver does not tell.</summary>
    /// <param name="index">As CUDA counts: CUDA_VISIBLE_DEVICES hides and reorders devices, the driver does not.</param>
    public static unsafe double? Utilization(int index)
    {
        if (!s_there.Value || Handle(index) is not { } handle)
        {
            return null;
        }

        NvmlUtilization use;
        return nvmlDeviceGetUtilizationRates(handle, &use) == 0 ? use.Gpu / 100.0 : null;
    }

    private static unsafe nint? Handle(int index)
    {
        nint handle;
        string[]? visible = Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") is { Length: > 0 } list ? list.Split(',', StringSplitOptions.TrimEntries) : null;
        if (visible is not null && index >= visible.Length)
        {
            return null;
        }

        string name = visible?[index] ?? index.ToString(CultureInfo.InvariantCulture);
        int result = uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? nvmlDeviceGetHandleByIndex_v2(number, &handle)
            : nvmlDeviceGetHandleByUUID(name, &handle);
        return result == 0 ? handle : null;
    }

    [LibraryImport(Library)]
    private static partial int nvmlInit_v2();

    [LibraryImport(Library)]
    private static unsafe partial int nvmlDeviceGetHandleByIndex_v2(uint index, nint* device);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int nvmlDeviceGetHandleByUUID(string uuid, nint* device);

    [LibraryImport(Library)]
    private static unsafe partial int nvmlDeviceGetUtilizationRates(nint device, NvmlUtilization* use);

    [StructLayout(LayoutKind.Sequential)]
    private struct NvmlUtilization
    {
        public uint Gpu;
        public uint Memory;
    }
}
