using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Demo.Training;

/// <summary>The throw-away heads of the first stage: which line is in each band, which style the picture has.</summary>
internal sealed class ReadingHeads : IDisposable
{
    private const int Bands = 3;

    private readonly long _width;

    internal ReadingHeads(long width, int lineClasses, int styles, SeededRandom random)
    {
        _width = width;
        double deviation = 1 / Math.Sqrt(3 * width);
        Parameters =
        [
            ("heads.norm.weight", ones(width)),
            ("heads.norm.bias", zeros(width)),
            ("heads.line.weight", Matrix(lineClasses)),
            ("heads.line.bias", zeros(lineClasses)),
            ("heads.style.weight", Matrix(styles)),
            ("heads.style.bias", zeros(styles)),
        ];
        foreach ((_, Tensor tensor) in Parameters)
        {
            tensor.DetachFromDisposeScope();
        }

        Tensor Matrix(int rows)
        {
            float[] values = new float[rows * width];
            random.FillNormal(values, deviation);
            return tensor(values, [rows, width]);
        }
    }

    /// <summary>The heads' tensors.</summary>
    internal IReadOnlyList<(string Name, Tensor Tensor)> Parameters { get; }

    /// <summary>
    /// Encoder outputs [pictures, patches, hidden], patches row by row → log-odds of lines [pictures, bands, classes] and styles
    /// [pictures, styles].
    /// </summary>
    internal (Tensor Lines, Tensor Styles) Forward(Tensor encoded)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor normed = nn.functional.layer_norm(encoded, [_width], Parameters[0].Tensor, Parameters[1].Tensor);
        Tensor bands = normed.view(encoded.shape[0], Bands, encoded.shape[1] / Bands, _width).mean([2]);
        Tensor lines = nn.functional.linear(bands, Parameters[2].Tensor, Parameters[3].Tensor);
        Tensor styles = nn.functional.linear(bands.mean([1]), Parameters[4].Tensor, Parameters[5].Tensor);
        return (lines.MoveToOuterDisposeScope(), styles.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, Tensor tensor) in Parameters)
        {
            tensor.Dispose();
        }
    }
}
