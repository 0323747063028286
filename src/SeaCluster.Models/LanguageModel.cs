using SeaCluster.Models.Attention;
using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using SeaCluster.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models;

/// <summary>
/// The decoder of Llama and Qwen2: RMSNorm, rotary grouped-query attention, SwiGLU. Sequences lie end to end without padding,
/// x [tokens, hidden]; which token sees which is the business of the <see cref="IAttention"/> that a caller brings.
/// </summary>
public sealed class LanguageModel
{
    private readonly Tensor embedding;
    private readonly Tensor finalNorm;
    private readonly Linear head;
    private readonly DecoderLayer[] layers;

    /// <param name="config">Sizes.</param>
    /// <param name="weights">Canonical names below <c>language_model.</c>, and <c>lm_head.weight</c> unless tied.</param>
    public LanguageModel(TextConfig config, Weights weights)
    {
        Config = config;
        Weights = weights;
        embedding = weights["language_model.embed_tokens.weight"];
        finalNorm = weights["language_model.norm.weight"];
        head = new Linear(weights, config.Tied ? "language_model.embed_tokens" : "lm_head");
        layers = [.. Enumerable.Range(0, config.Layers).Select(i => new DecoderLayer(config, weights, $"language_model.layers.{i}"))];
    }

    /// <summary>Sizes.</summary>
    public TextConfig Config { get; }

    /// <summary>All tensors of the model that this decoder is part of.</summary>
    public Weights Weights { get; }

    /// <summary>The linear layers that an adapter may attach to, by canonical name.</summary>
    public IEnumerable<Linear> Linears => layers.SelectMany(layer => layer.Linears);

    /// <summary>The tensors that full fine-tuning changes: everything but encoder and projector.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters =>
        Weights.Names.Where(name => name.StartsWith("language_model.", StringComparison.Ordinal) || name == "lm_head.weight").Select(name => (name, Weights[name]));

    /// <summary>Canonical names and shapes of the decoder's tensors.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Shapes(TextConfig c)
    {
        yield return ("language_model.embed_tokens.weight", [c.VocabSize, c.HiddenSize]);
        long queries = (long)c.Heads * c.HeadDim, keys = (long)c.KvHeads * c.HeadDim;
        for (int i = 0; i < c.Layers; i++)
        {
            string layer = $"language_model.layers.{i}.";
            foreach ((string name, long rows) in new[] { ("q", queries), ("k", keys), ("v", keys) })
            {
                yield return ($"{layer}self_attn.{name}_proj.weight", [rows, c.HiddenSize]);
                if (c.AttentionBias)
                {
                    yield return ($"{layer}self_attn.{name}_proj.bias", [rows]);
                }
            }

            yield return (layer + "self_attn.o_proj.weight", [c.HiddenSize, queries]);
            if (c.AttentionOutputBias)
            {
                yield return (layer + "self_attn.o_proj.bias", [c.HiddenSize]);
            }

            foreach ((string name, long rows, long columns) in new[]
            {
                ("gate", (long)c.IntermediateSize, (long)c.HiddenSize), ("up", c.IntermediateSize, c.HiddenSize), ("down", c.HiddenSize, c.IntermediateSize),
            })
            {
                yield return ($"{layer}mlp.{name}_proj.weight", [rows, columns]);
                if (c.MlpBias)
                {
                    yield return ($"{layer}mlp.{name}_proj.bias", [rows]);
                }
            }

            yield return (layer + "input_layernorm.weight", [c.HiddenSize]);
            yield return (layer + "post_attention_layernorm.weight", [c.HiddenSize]);
        }

        yield return ("language_model.norm.weight", [c.HiddenSize]);
        if (!c.Tied)
        {
            yield return ("lm_head.weight", [c.VocabSize, c.HiddenSize]);
        }
    }

    /// <summary>ids [tokens] → [tokens, hidden].</summary>
    public Tensor Embed(Tensor ids) => embedding.index_select(0, ids);

    /// <summary>
    /// x [tokens, hidden] → hidden states after the last layer, before the final norm, [tokens, hidden]; with <paramref name="rows"/>
    /// [n] only those rows, [n, hidden]: the last layer's feed-forward part is computed for them alone.
    /// </summary>
    public Tensor Hidden(Tensor x, Rotary rotary, IAttention attention, Tensor? rows = null)
    {
        for (int i = 0; i < layers.Length; i++)
        {
            Tensor input = x;
            x = layers[i].Forward(input, rotary, attention, i, i == layers.Length - 1 ? rows : null);
            if (i > 0)
            {
                input.Dispose();
            }
        }

        return x;
    }

    /// <summary>hidden [n, hidden], from <see cref="Hidden"/> → logits [n, vocabulary].</summary>
    public Tensor Logits(Tensor hidden)
    {
        using DisposeScope scope = NewDisposeScope();
        return head.Forward(Kernels.RmsNorm(hidden, finalNorm, Config.RmsNormEps)).MoveToOuterDisposeScope();
    }
}

/// <summary>One layer: x + Attention(Norm(x)), then + MLP(Norm(·)).</summary>
internal sealed class DecoderLayer
{
    private readonly TextConfig config;
    private readonly Tensor inputNorm;
    private readonly Tensor postNorm;
    private readonly Linear q;
    private readonly Linear k;
    private readonly Linear v;
    private readonly Linear o;
    private readonly Linear gate;
    private readonly Linear up;
    private readonly Linear down;

    public DecoderLayer(TextConfig config, Weights weights, string name)
    {
        this.config = config;
        inputNorm = weights[name + ".input_layernorm.weight"];
        postNorm = weights[name + ".post_attention_layernorm.weight"];
        q = new Linear(weights, name + ".self_attn.q_proj");
        k = new Linear(weights, name + ".self_attn.k_proj");
        v = new Linear(weights, name + ".self_attn.v_proj");
        o = new Linear(weights, name + ".self_attn.o_proj");
        gate = new Linear(weights, name + ".mlp.gate_proj");
        up = new Linear(weights, name + ".mlp.up_proj");
        down = new Linear(weights, name + ".mlp.down_proj");
    }

    public IEnumerable<Linear> Linears => [q, k, v, o, gate, up, down];

    /// <summary>x [tokens, hidden] → [tokens or rows, hidden].</summary>
    public Tensor Forward(Tensor x, Rotary rotary, IAttention attention, int layer, Tensor? rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor attended = Attend(Kernels.RmsNorm(x, inputNorm, config.RmsNormEps), rotary, attention, layer);
        if (rows is not null)
        {
            x = x.index_select(0, rows);
            attended = attended.index_select(0, rows);
        }

        x = x + o.Forward(attended);
        Tensor y = Kernels.RmsNorm(x, postNorm, config.RmsNormEps);
        return (x + down.Forward(Kernels.SwiGlu(gate.Forward(y), up.Forward(y)))).MoveToOuterDisposeScope();
    }

    private Tensor Attend(Tensor x, Rotary rotary, IAttention attention, int layer)
    {
        using DisposeScope scope = NewDisposeScope();
        long tokens = x.shape[0];
        Tensor queries = Kernels.RotateHalf(q.Forward(x).view(tokens, config.Heads, config.HeadDim), rotary.Cos, rotary.Sin);
        Tensor keys = Kernels.RotateHalf(k.Forward(x).view(tokens, config.KvHeads, config.HeadDim), rotary.Cos, rotary.Sin);
        Tensor values = v.Forward(x).view(tokens, config.KvHeads, config.HeadDim);
        return attention.Attend(layer, queries, keys, values).MoveToOuterDisposeScope();
    }
}
