using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Layers;

/// <summary>Activation functions by their names in a checkpoint's configuration.</summary>
internal static class Activations
{
    /// <exception cref="SeaException">The name is not known.</exception>
    public static Tensor Apply(string name, Tensor x) => name switch
    {
        "quick_gelu" => QuickGelu(x),
        "gelu" => nn.functional.gelu(x),
        "gelu_pytorch_tanh" or "gelu_new" => TanhGelu(x),
        "relu" => nn.functional.relu(x),
        "silu" or "swish" => nn.functional.silu(x),
        _ => throw new SeaException($"Activation '{name}' is not known.", "Known are quick_gelu, gelu, gelu_pytorch_tanh, relu and silu."),
    };

    private static Tensor QuickGelu(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return (x * sigmoid(x * 1.702)).MoveToOuterDisposeScope();
    }

    private static Tensor TanhGelu(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = (x + (x * x * x * 0.044715)) * Math.Sqrt(2.0 / Math.PI);
        return (x * 0.5 * (tanh(inner) + 1.0)).MoveToOuterDisposeScope();
    }
}
