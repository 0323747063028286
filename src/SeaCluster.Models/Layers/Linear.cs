using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Layers;

/// <summary>y = x Wᵀ + b, plus a low-rank update where an adapter is attached. x [.., in] → [.., out].</summary>
public sealed class Linear
{
    private readonly Tensor weight;
    private readonly Tensor? bias;

    /// <param name="weights">Where the tensors are.</param>
    /// <param name="name">Canonical name without <c>.weight</c>.</param>
    public Linear(Weights weights, string name)
    {
        Name = name;
        weight = weights[name + ".weight"];
        bias = weights.Find(name + ".bias");
    }

    /// <summary>Canonical module name, for adapters: <c>language_model.layers.0.self_attn.q_proj</c>.</summary>
    public string Name { get; }

    /// <summary>Size of the input's last dimension.</summary>
    public long In => weight.shape[1];

    /// <summary>Size of the output's last dimension.</summary>
    public long Out => weight.shape[0];

    /// <summary>The low-rank update, or null. A [rank, in], B [out, rank].</summary>
    public LowRankUpdate? Update { get; set; }

    /// <summary>Applies the layer.</summary>
    public Tensor Forward(Tensor x)
    {
        Tensor y = nn.functional.linear(x, weight, bias);
        return Update is { Enabled: true } update ? y + update.Forward(x) : y;
    }
}

/// <summary>The update s·B(A x) of LoRA (Hu et al. 2021), s = alpha / rank, or alpha / √rank with rank-stabilised scaling.</summary>
/// <param name="A">[rank, in]</param>
/// <param name="B">[out, rank]</param>
/// <param name="Scale">s</param>
public sealed record LowRankUpdate(Tensor A, Tensor B, double Scale)
{
    /// <summary>Off: the layer is the base layer (the reference model of DPO).</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>x [.., in] → [.., out].</summary>
    public Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor low = nn.functional.linear(x.to(A.dtype), A);
        return (nn.functional.linear(low, B) * Scale).to(x.dtype).MoveToOuterDisposeScope();
    }
}
