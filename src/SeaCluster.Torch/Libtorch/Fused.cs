using SeaCluster.Torch.Libtorch;
using TorchSharp;

namespace SeaCluster.Torch;

/// <summary>The kernels of native/kernels.cpp; null where they have none for the device or the type.</summary>
internal static class Fused
{
    internal static torch.Tensor? RmsNorm(torch.Tensor x, torch.Tensor weight, double eps) => Fits(x) ? Call.One("sea::rms_norm", x, weight, eps) : null;

    internal static torch.Tensor? SwiGlu(torch.Tensor gate, torch.Tensor up) => Fits(gate) ? Call.One("sea::swiglu", gate, up) : null;

    internal static torch.Tensor? RotateHalf(torch.Tensor x, torch.Tensor cos, torch.Tensor sin) => Fits(x) ? Call.One("sea::rotate_half", x, cos, sin) : null;

    internal static torch.Tensor? AnswerNll(torch.Tensor logits, torch.Tensor targets) => Fits(logits) ? Call.One("sea::answer_nll", logits, targets) : null;

    private static bool Fits(torch.Tensor tensor)
    {
        var description = tensor.Describe();
        return description.DeviceType == (int)DeviceType.CPU
            && (torch.ScalarType)description.DType is (torch.ScalarType.Float32 or torch.ScalarType.BFloat16);
    }
}
