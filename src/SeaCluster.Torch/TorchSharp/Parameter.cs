namespace TorchSharp.Modules;

/// <summary>A tensor that is trained. Takes over the handle of the tensor it is made from.</summary>
public class Parameter : torch.Tensor
{
    public Parameter(torch.Tensor data, bool requires_grad = true)
        : base(data.with_requires_grad(requires_grad).DecoupleFromNativeHandle())
    {
    }
}

public sealed class GELU
{
    private GELU()
    {
    }

    public enum Approximate
    {
        none,
        tanh,
    }
}
