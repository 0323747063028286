using TorchSharp;

namespace SeaCluster.Torch;

/// <summary>The TorchSharp package has no fused kernels: everything is composed.</summary>
internal static class Fused
{
    internal static torch.Tensor? RmsNorm(torch.Tensor x, torch.Tensor weight, double eps) => null;

    internal static torch.Tensor? SwiGlu(torch.Tensor gate, torch.Tensor up) => null;

    internal static torch.Tensor? RotateHalf(torch.Tensor x, torch.Tensor cos, torch.Tensor sin) => null;

    internal static torch.Tensor? AnswerNll(torch.Tensor logits, torch.Tensor targets) => null;
}
