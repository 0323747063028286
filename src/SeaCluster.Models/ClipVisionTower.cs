using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models;

/// <summary>The vision transformer of CLIP (Radford et al. 2021), as far as the layer that LLaVA reads.</summary>
public sealed class ClipVisionTower
{
    private readonly VisionConfig config;
    private readonly Weights weights;
    private readonly ClipLayer[] layers;

    /// <param name="config">Sizes.</param>
    /// <param name="weights">Canonical names below <c>vision_tower.</c>.</param>
    public ClipVisionTower(VisionConfig config, Weights weights)
    {
        this.config = config;
        this.weights = weights;
        layers = [.. Enumerable.Range(0, config.Layers).Select(i => new ClipLayer(config, weights, $"vision_tower.encoder.layers.{i}"))];
    }

    /// <summary>Canonical names and shapes.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Shapes(VisionConfig c)
    {
        long patches = (long)(c.ImageSize / c.PatchSize) * (c.ImageSize / c.PatchSize), d = c.HiddenSize;
        yield return ("vision_tower.embeddings.class_embedding", [d]);
        yield return ("vision_tower.embeddings.patch_embedding.weight", [d, c.Channels, c.PatchSize, c.PatchSize]);
        yield return ("vision_tower.embeddings.position_embedding.weight", [patches + 1, d]);
        foreach (string norm in new[] { "pre_layrnorm", "post_layernorm" })
        {
            yield return ($"vision_tower.{norm}.weight", [d]);
            yield return ($"vision_tower.{norm}.bias", [d]);
        }

        foreach ((string, long[]) shape in Enumerable.Range(0, c.Layers).SelectMany(i => ClipLayer.Shapes(c, $"vision_tower.encoder.layers.{i}")))
        {
            yield return shape;
        }
    }

    /// <summary>
    /// pixels [pictures, 3, size, size] → hidden states after <paramref name="layerCount"/> layers, the class token first,
    /// [pictures, 1 + patches, hidden].
    /// </summary>
    public Tensor Forward(Tensor pixels, int layerCount)
    {
        using DisposeScope scope = NewDisposeScope();
        long pictures = pixels.shape[0];
        Tensor patches = nn.functional.conv2d(
            pixels.to(weights.DType), weights["vision_tower.embeddings.patch_embedding.weight"], null, strides: [config.PatchSize, config.PatchSize]);
        Tensor start = weights["vision_tower.embeddings.class_embedding"].view(1, 1, -1).expand(pictures, 1, -1);
        Tensor x = cat([start, patches.flatten(2).transpose(1, 2)], 1) + weights["vision_tower.embeddings.position_embedding.weight"];
        x = Norm(weights, "vision_tower.pre_layrnorm", x, config.LayerNormEps);
        for (int i = 0; i < layerCount; i++)
        {
            x = layers[i].Forward(x);
        }

        return x.MoveToOuterDisposeScope();
    }

    internal static Tensor Norm(Weights weights, string name, Tensor x, double eps) =>
        nn.functional.layer_norm(x, [x.shape[^1]], weights[name + ".weight"], weights[name + ".bias"], eps);
}

/// <summary>x + Attention(Norm(x)), then + MLP(Norm(·)); everything sees everything. SigLIP's layer is the same.</summary>
internal sealed class ClipLayer
{
    private readonly VisionConfig config;
    private readonly Weights weights;
    private readonly string name;
    private readonly EncoderAttention attention;
    private readonly Linear fc1;
    private readonly Linear fc2;

    public ClipLayer(VisionConfig config, Weights weights, string name)
    {
        this.config = config;
        this.weights = weights;
        this.name = name;
        attention = new EncoderAttention(weights, name + ".self_attn", config.Heads);
        fc1 = new Linear(weights, name + ".mlp.fc1");
        fc2 = new Linear(weights, name + ".mlp.fc2");
    }

    /// <summary>Canonical names and shapes below <paramref name="name"/>.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Shapes(VisionConfig c, string name)
    {
        long d = c.HiddenSize, ffn = c.IntermediateSize;
        foreach ((string linear, long rows, long columns) in new[]
        {
            ("self_attn.q_proj", d, d), ("self_attn.k_proj", d, d), ("self_attn.v_proj", d, d), ("self_attn.out_proj", d, d),
            ("mlp.fc1", ffn, d), ("mlp.fc2", d, ffn),
        })
        {
            yield return ($"{name}.{linear}.weight", [rows, columns]);
            yield return ($"{name}.{linear}.bias", [rows]);
        }

        foreach (string norm in new[] { "layer_norm1", "layer_norm2" })
        {
            yield return ($"{name}.{norm}.weight", [d]);
            yield return ($"{name}.{norm}.bias", [d]);
        }
    }

    /// <summary>x [pictures, tokens, hidden] → the same shape.</summary>
    /// <param name="x">Hidden states.</param>
    /// <param name="rotary">Turns queries and keys; null where positions were added before the layers.</param>
    public Tensor Forward(Tensor x, VisionRotary? rotary = null)
    {
        using DisposeScope scope = NewDisposeScope();
        x = x + attention.Forward(ClipVisionTower.Norm(weights, name + ".layer_norm1", x, config.LayerNormEps), rotary);
        Tensor y = fc1.Forward(ClipVisionTower.Norm(weights, name + ".layer_norm2", x, config.LayerNormEps));
        y = Activations.Apply(config.Activation, y);
        return (x + fc2.Forward(y)).MoveToOuterDisposeScope();
    }
}
