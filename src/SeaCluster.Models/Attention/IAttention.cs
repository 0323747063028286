using static TorchSharp.torch;

namespace SeaCluster.Models.Attention;

/// <summary>Which token sees which, and where keys and values are kept: training, synthesis and generation each bring their own.</summary>
public interface IAttention
{
    /// <summary>Scaled dot-product attention of one layer over sequences that lie end to end.</summary>
    /// <param name="layer">Index of the layer, for caches.</param>
    /// <param name="queries">[tokens, heads, head size], rotated.</param>
    /// <param name="keys">[tokens, key heads, head size], rotated.</param>
    /// <param name="values">[tokens, key heads, head size].</param>
    /// <returns>[tokens, heads · head size]</returns>
    Tensor Attend(int layer, Tensor queries, Tensor keys, Tensor values);
}
