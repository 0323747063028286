using TorchSharp;

namespace SeaCluster.Torch;

/// <summary>
/// The operations of a language model that are worth fusing, differentiable. Arithmetic is in float32 and the result has the first
/// argument's type; each row of a result depends on its own row alone, whatever shares the batch. Fused on the CPU with
/// libsea_torch for float32 and bfloat16; <see cref="ComposedKernels"/> elsewhere. Fused ones are differentiable once.
/// </summary>
public static class Kernels
{
    /// <summary>x / sqrt(mean(x², last dimension) + eps) * weight.</summary>
    /// <param name="x">[.., hidden]</param>
    /// <param name="weight">[hidden]</param>
    /// <param name="eps">Added to the mean square.</param>
    public static torch.Tensor RmsNorm(torch.Tensor x, torch.Tensor weight, double eps) =>
        Fused.RmsNorm(x, weight, eps) ?? ComposedKernels.RmsNorm(x, weight, eps);

    /// <summary>silu(gate) * up.</summary>
    /// <param name="gate">[.., width]</param>
    /// <param name="up">[.., width]</param>
    public static torch.Tensor SwiGlu(torch.Tensor gate, torch.Tensor up) =>
        Fused.SwiGlu(gate, up) ?? ComposedKernels.SwiGlu(gate, up);

    /// <summary>Rotary position embedding with the halves as pairs: x * cos + rotate_half(x) * sin.</summary>
    /// <param name="x">[tokens, heads, head dimension]</param>
    /// <param name="cos">[tokens, head dimension]</param>
    /// <param name="sin">[tokens, head dimension]</param>
    public static torch.Tensor RotateHalf(torch.Tensor x, torch.Tensor cos, torch.Tensor sin) =>
        Fused.RotateHalf(x, cos, sin) ?? ComposedKernels.RotateHalf(x, cos, sin);

    /// <summary>Negative log-likelihood of each row's target, without reduction, in float32.</summary>
    /// <param name="logits">[rows, vocabulary]</param>
    /// <param name="targets">[rows], int64</param>
    /// <returns>[rows]</returns>
    public static torch.Tensor AnswerNll(torch.Tensor logits, torch.Tensor targets) =>
        Fused.AnswerNll(logits, targets) ?? ComposedKernels.AnswerNll(logits, targets);
}
