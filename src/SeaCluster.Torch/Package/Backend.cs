using TorchSharp;

namespace SeaCluster.Torch;

/// <summary>What TorchRuntime asks of the TorchSharp package, which has no call for device names or memory.</summary>
internal static class Backend
{
    internal const string Name = "TorchSharp";

    internal static void PinCurrentThread(int threads) => torch.set_num_threads(threads);

    internal static string CudaName(int index) => $"CUDA device {index}";

    internal static DeviceMemory CudaMemory(int index) => new(null, null, null, null);

    internal static bool EmptyCache() => false;
}
