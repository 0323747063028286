using System.Runtime.InteropServices;
using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>The version of libtorch.</summary>
    public static unsafe string __version__ => Marshal.PtrToStringUTF8((nint)Native.Version()) ?? "";

    public static ScalarType get_default_dtype() => ScalarType.Float32;

    public static int get_num_threads() => (int)Native.Check(Native.GetThreads());

    public static void set_num_threads(int num) => Native.Check(Native.SetThreads(num));

    public static bool cuda_is_available() => cuda.is_available();

    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static int device_count() => (int)Native.Check(Native.CudaCount());

        public static void manual_seed(long seed) => Native.Check(Native.CudaManualSeed(seed, 0));

        public static void manual_seed_all(long seed) => Native.Check(Native.CudaManualSeed(seed, 1));

        public static void synchronize(Device? device = null) => Native.Check(Native.CudaSynchronize(device?.index ?? -1));
    }
}
