using System.Runtime.InteropServices;
using SeaCluster.Torch.Libtorch;

namespace SeaCluster.Torch;

/// <summary>What TorchRuntime asks of the machine's libtorch.</summary>
internal static unsafe class Backend
{
    internal const string Name = "libsea_torch";

    internal static void PinCurrentThread(int threads) => Native.Check(Native.SetCurrentThreadThreads(threads));

    internal static string CudaName(int index)
    {
        var text = stackalloc byte[256];
        Native.Check(Native.CudaName(index, text, 256));
        return Marshal.PtrToStringUTF8((nint)text) ?? "";
    }

    internal static DeviceMemory CudaMemory(int index)
    {
        var bytes = stackalloc long[4];
        Native.Check(Native.CudaMemory(index, bytes));
        return new DeviceMemory(Known(bytes[0]), Known(bytes[1]), Known(bytes[2]), Known(bytes[3]));
    }

    internal static bool EmptyCache() => Native.Check(Native.CudaEmptyCache()) == 1;

    private static long? Known(long bytes) => bytes < 0 ? null : bytes;
}
