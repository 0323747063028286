using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Layers;

/// <summary>Scaled dot-product attention of an encoder's layer, from its input to its output projection: everything sees everything that no mask hides.</summary>
/// <param name="weights">Has <c>q_proj</c>, <c>k_proj</c>, <c>v_proj</c> and <c>out_proj</c> below the name, with biases or without.</param>
/// <param name="name">Canonical name, such as <c>vision_tower.encoder.layers.0.self_attn</c>.</param>
/// <param name="heads">Number of heads.</param>
internal sealed class EncoderAttention(Weights weights, string name, int heads)
{
    private readonly Linear q = new(weights, name + ".q_proj");
    private readonly Linear k = new(weights, name + ".k_proj");
    private readonly Linear v = new(weights, name + ".v_proj");
    private readonly Linear output = new(weights, name + ".out_proj");

    /// <summary>x [items, tokens, hidden] → the same shape.</summary>
    /// <param name="x">Hidden states.</param>
    /// <param name="rotary">Turns queries and keys; null where positions were added before the layers.</param>
    /// <param name="mask">[items, 1, 1, tokens], 0 or -inf, float32; null where nothing is hidden.</param>
    public Tensor Forward(Tensor x, VisionRotary? rotary = null, Tensor? mask = null)
    {
        using DisposeScope scope = NewDisposeScope();
        long items = x.shape[0], tokens = x.shape[1], hidden = x.shape[2], size = hidden / heads;
        Tensor Heads(Linear linear) => linear.Forward(x).view(items, tokens, heads, size);
        Tensor Turned(Tensor each) => (rotary?.Apply(each) ?? each).transpose(1, 2);
        Tensor scores = matmul(Turned(Heads(q)) * (1.0 / Math.Sqrt(size)), Turned(Heads(k)).transpose(2, 3)).to(ScalarType.Float32);
        Tensor mixed = matmul(nn.functional.softmax(mask is null ? scores : scores + mask, -1).to(x.dtype), Heads(v).transpose(1, 2));
        return output.Forward(mixed.transpose(1, 2).reshape(items, tokens, hidden)).MoveToOuterDisposeScope();
    }
}
