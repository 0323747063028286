using SeaCluster.Models.Configuration;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Layers;

/// <summary>Rotary position embedding (Su et al. 2021): cosines and sines of the tokens of one batch, each [tokens, head size].</summary>
public sealed class Rotary : IDisposable
{
    private Rotary(Tensor cos, Tensor sin)
    {
        Cos = cos;
        Sin = sin;
    }

    /// <summary>[tokens, head size]; both halves alike.</summary>
    public Tensor Cos { get; }

    /// <summary>[tokens, head size]; both halves alike.</summary>
    public Tensor Sin { get; }

    /// <summary>Angles in float32, rounded once to <paramref name="dtype"/>.</summary>
    /// <param name="config">Gives head size and base.</param>
    /// <param name="positions">One position per token.</param>
    /// <param name="dtype">The model's element type.</param>
    /// <param name="device">The model's device.</param>
    public static Rotary For(TextConfig config, ReadOnlySpan<int> positions, ScalarType dtype, Device device)
    {
        int half = config.HeadDim / 2;
        float[] inverse = new float[half];
        for (int i = 0; i < half; i++)
        {
            inverse[i] = (float)(1.0 / Math.Pow(config.RopeTheta, 2.0 * i / config.HeadDim));
        }

        float[] cos = new float[positions.Length * config.HeadDim];
        float[] sin = new float[positions.Length * config.HeadDim];
        for (int t = 0; t < positions.Length; t++)
        {
            int row = t * config.HeadDim;
            for (int i = 0; i < half; i++)
            {
                float angle = positions[t] * inverse[i];
                cos[row + i] = cos[row + half + i] = MathF.Cos(angle);
                sin[row + i] = sin[row + half + i] = MathF.Sin(angle);
            }
        }

        long[] shape = [positions.Length, config.HeadDim];
        using DisposeScope scope = NewDisposeScope();
        return new Rotary(
            tensor(cos, shape).to(dtype, device).DetachFromDisposeScope(),
            tensor(sin, shape).to(dtype, device).DetachFromDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cos.Dispose();
        Sin.Dispose();
    }
}
