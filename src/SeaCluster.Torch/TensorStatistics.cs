using TorchSharp;

namespace SeaCluster.Torch;

/// <summary>Counts for leak tests and dashboards.</summary>
public static class TensorStatistics
{
    /// <summary>Tensors that exist in this process and were not disposed yet.</summary>
    public static long Live => torch.Tensor.TotalCount;
}
