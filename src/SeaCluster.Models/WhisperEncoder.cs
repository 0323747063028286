using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models;

/// <summary>
/// The encoder of Whisper (Radford et al. 2022) as Qwen2-Audio has it: two convolutions, learned positions, transformer layers, then the mean of each two
/// neighbours and a last norm. Positions behind a clip's end are hidden from the others.
/// </summary>
public sealed class WhisperEncoder
{
    private const double LayerNormEps = 1e-5;

    private readonly AudioConfig config;
    private readonly Weights weights;
    private readonly WhisperLayer[] layers;

    /// <param name="config">Sizes.</param>
    /// <param name="weights">Canonical names below <c>audio_tower.</c>.</param>
    public WhisperEncoder(AudioConfig config, Weights weights)
    {
        this.config = config;
        this.weights = weights;
        layers = [.. Enumerable.Range(0, config.Layers).Select(i => new WhisperLayer(config, weights, $"audio_tower.layers.{i}"))];
    }

    /// <summary>Frames of the spectrogram that the position table is made for.</summary>
    public static int WindowFrames(AudioConfig config) => checked(2 * config.MaxSourcePositions);

    /// <summary>Positions that so many frames make: the second convolution takes every other.</summary>
    public static int Positions(int frames) => (frames + 1) / 2;

    /// <summary>Rows of E_o that so many frames make.</summary>
    public static int Rows(int frames) => Positions(frames) / 2;

    /// <summary>Canonical names and shapes.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Shapes(AudioConfig c)
    {
        long d = c.HiddenSize, ffn = c.IntermediateSize;
        yield return ("audio_tower.conv1.weight", [d, c.MelBins, 3]);
        yield return ("audio_tower.conv1.bias", [d]);
        yield return ("audio_tower.conv2.weight", [d, d, 3]);
        yield return ("audio_tower.conv2.bias", [d]);
        yield return ("audio_tower.embed_positions.weight", [c.MaxSourcePositions, d]);
        for (int i = 0; i < c.Layers; i++)
        {
            string layer = $"audio_tower.layers.{i}.";
            foreach ((string name, long rows, long columns, bool bias) in new[]
            {
                ("self_attn.q_proj", d, d, true), ("self_attn.k_proj", d, d, false), ("self_attn.v_proj", d, d, true), ("self_attn.out_proj", d, d, true),
                ("fc1", ffn, d, true), ("fc2", d, ffn, true),
            })
            {
                yield return ($"{layer}{name}.weight", [rows, columns]);
                if (bias)
                {
                    yield return ($"{layer}{name}.bias", [rows]);
                }
            }

            foreach (string norm in new[] { "self_attn_layer_norm", "final_layer_norm" })
            {
                yield return ($"{layer}{norm}.weight", [d]);
                yield return ($"{layer}{norm}.bias", [d]);
            }
        }

        yield return ("audio_tower.layer_norm.weight", [d]);
        yield return ("audio_tower.layer_norm.bias", [d]);
    }

    /// <summary>
    /// features [clips, mel bins, frames], of which the first <paramref name="frames"/> of each clip hold sound → [clips, rows, hidden]; clip i has
    /// <see cref="Rows"/> of its frames, what follows them means nothing.
    /// </summary>
    public Tensor Forward(Tensor features, IReadOnlyList<int> frames)
    {
        using DisposeScope scope = NewDisposeScope();
        int[] positions = [.. frames.Select(Positions)];
        int longest = positions.Max();

        // A position sees three frames to either side at most; the rest of the window is padding that nothing reads.
        Tensor x = features.narrow(2, 0, Math.Min(features.shape[2], (2L * longest) + 1)).to(weights.DType);
        x = Convolve("audio_tower.conv1", x, stride: 1).transpose(1, 2);
        x = Convolve("audio_tower.conv2", x, stride: 2).narrow(1, 0, longest) + weights["audio_tower.embed_positions.weight"].narrow(0, 0, longest);
        Tensor? mask = MaskOf(positions, longest);
        foreach (WhisperLayer layer in layers)
        {
            x = layer.Forward(x, mask);
        }

        int rows = longest / 2;
        Tensor pooled = x.narrow(1, 0, 2 * rows).reshape(x.shape[0], rows, 2, config.HiddenSize).mean([2L]);
        return Norm(weights, "audio_tower.layer_norm", pooled).MoveToOuterDisposeScope();
    }

    internal static Tensor Norm(Weights weights, string name, Tensor x) =>
        nn.functional.layer_norm(x, [x.shape[^1]], weights[name + ".weight"], weights[name + ".bias"], LayerNormEps);

    /// <summary>[clips, channels, frames] → GELU of the convolution with a kernel of three frames, [clips, positions, hidden].</summary>
    // A matrix product, since conv1d of the machine's libtorch may have no right gradient: Debian's 1.13 gives zeros for the kernel.
    private Tensor Convolve(string name, Tensor x, long stride)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor kernel = weights[name + ".weight"], windows = nn.functional.pad(x, [1, 1]).unfold(2, kernel.shape[2], stride);
        return nn.functional.gelu(nn.functional.linear(windows.permute(0, 2, 1, 3).flatten(2), kernel.flatten(1), weights[name + ".bias"])).MoveToOuterDisposeScope();
    }

    /// <summary>[clips, 1, 1, longest], 0 or -inf; null where all clips are equally long.</summary>
    private Tensor? MaskOf(int[] positions, int longest)
    {
        if (positions.All(length => length == longest))
        {
            return null;
        }

        using DisposeScope scope = NewDisposeScope();
        float[] values = [.. positions.SelectMany(length => Enumerable.Range(0, longest).Select(i => i < length ? 0 : float.NegativeInfinity))];
        return tensor(values, [positions.Length, 1, 1, longest]).to(weights.Device).MoveToOuterDisposeScope();
    }
}

/// <summary>x + Attention(Norm(x)), then + MLP(Norm(·)).</summary>
internal sealed class WhisperLayer
{
    private readonly AudioConfig config;
    private readonly Weights weights;
    private readonly string name;
    private readonly EncoderAttention attention;
    private readonly Linear fc1;
    private readonly Linear fc2;

    public WhisperLayer(AudioConfig config, Weights weights, string name)
    {
        this.config = config;
        this.weights = weights;
        this.name = name;
        attention = new EncoderAttention(weights, name + ".self_attn", config.Heads);
        fc1 = new Linear(weights, name + ".fc1");
        fc2 = new Linear(weights, name + ".fc2");
    }

    /// <summary>x [clips, positions, hidden], mask [clips, 1, 1, positions] or null → the shape of x.</summary>
    public Tensor Forward(Tensor x, Tensor? mask)
    {
        using DisposeScope scope = NewDisposeScope();
        x = x + attention.Forward(WhisperEncoder.Norm(weights, name + ".self_attn_layer_norm", x), mask: mask);
        Tensor y = Activations.Apply(config.Activation, fc1.Forward(WhisperEncoder.Norm(weights, name + ".final_layer_norm", x)));
        return (x + fc2.Forward(y)).MoveToOuterDisposeScope();
    }
}
