using static TorchSharp.torch;

namespace SeaCluster.Demo.Training;

/// <summary>Named tensors under training.</summary>
internal static class Parameters
{
    /// <summary>Switches the recording of gradients.</summary>
    internal static void RequireGradients(IEnumerable<(string Name, Tensor Tensor)> parameters, bool required)
    {
        foreach ((_, Tensor tensor) in parameters)
        {
            tensor.requires_grad_(required);
        }
    }
}
