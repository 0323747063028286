using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Torch;

/// <summary><see cref="Kernels"/> in plain operators: what they mean, and what computes where there is no fused one.</summary>
public static class ComposedKernels
{
    /// <inheritdoc cref="Kernels.RmsNorm"/>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps)
    {
        using var scope = NewDisposeScope();
        var wide = x.to(ScalarType.Float32);
        var scale = (wide * wide).mean([-1], keepdim: true).add(eps).rsqrt();
        return (wide * scale * weight.to(ScalarType.Float32)).to(x.dtype).MoveToOuterDisposeScope();
    }

    /// <inheritdoc cref="Kernels.SwiGlu"/>
    public static Tensor SwiGlu(Tensor gate, Tensor up)
    {
        using var scope = NewDisposeScope();
        var activated = nn.functional.silu(gate.to(ScalarType.Float32)) * up.to(ScalarType.Float32);
        return activated.to(gate.dtype).MoveToOuterDisposeScope();
    }

    /// <inheritdoc cref="Kernels.RotateHalf"/>
    public static Tensor RotateHalf(Tensor x, Tensor cos, Tensor sin)
    {
        using var scope = NewDisposeScope();
        var wide = x.to(ScalarType.Float32);
        var half = x.shape[^1] / 2;
        var turned = cat([-wide.narrow(-1, half, half), wide.narrow(-1, 0, half)], -1);
        var rotated = (wide * cos.to(ScalarType.Float32).unsqueeze(1)) + (turned * sin.to(ScalarType.Float32).unsqueeze(1));
        return rotated.to(x.dtype).MoveToOuterDisposeScope();
    }

    /// <inheritdoc cref="Kernels.AnswerNll"/>
    public static Tensor AnswerNll(Tensor logits, Tensor targets)
    {
        using var scope = NewDisposeScope();
        var logProbabilities = logits.to(ScalarType.Float32).log_softmax(-1);
        return logProbabilities.gather(-1, targets.unsqueeze(-1)).squeeze(-1).neg().MoveToOuterDisposeScope();
    }
}
