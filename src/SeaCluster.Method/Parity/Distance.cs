using SeaCluster.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Parity;

/// <summary>How far two results are apart. A result that is not finite is infinitely far.</summary>
internal static class Distance
{
    /// <summary>Largest difference of two tensors of one shape.</summary>
    public static double Largest(Tensor found, Tensor expected)
    {
        Same(found, expected);
        return found.numel() == 0 ? 0 : Finite((Wide(found) - Wide(expected)).abs().max().item<double>());
    }

    /// <summary>Largest difference relative to the largest expected entry.</summary>
    public static double Relative(Tensor found, Tensor expected) => Largest(found, expected) / Wide(expected).abs().max().item<double>();

    /// <summary>1 − cosine of the angle between two tensors of one shape.</summary>
    public static double Angle(Tensor found, Tensor expected)
    {
        Same(found, expected);
        Tensor a = Wide(found).flatten(), b = Wide(expected).flatten();
        return Finite(1 - ((a * b).sum() / (a.norm() * b.norm())).item<double>());
    }

    /// <summary>Largest difference of two lists of numbers.</summary>
    public static double Numbers(IReadOnlyList<double> found, IReadOnlyList<double> expected) =>
        found.Count == expected.Count
            ? found.Zip(expected, (a, b) => Finite(Math.Abs(a - b))).DefaultIfEmpty(0).Max()
            : throw new SeaException($"{found.Count} numbers, expected {expected.Count}");

    /// <summary>Positions at which two sequences differ; what one has beyond the other's end counts.</summary>
    public static double Differing<T>(IReadOnlyList<T> found, IReadOnlyList<T> expected)
        where T : IEquatable<T> =>
        found.Zip(expected).Count(pair => !pair.First.Equals(pair.Second)) + Math.Abs(found.Count - expected.Count);

    /// <summary>A tensor in float64 on the CPU.</summary>
    public static Tensor Wide(Tensor tensor) => tensor.detach().cpu().to(ScalarType.Float64);

    private static double Finite(double distance) => double.IsNaN(distance) ? double.PositiveInfinity : distance;

    private static void Same(Tensor found, Tensor expected)
    {
        if (!found.shape.AsSpan().SequenceEqual(expected.shape))
        {
            throw new SeaException($"shape [{string.Join(", ", found.shape)}], expected [{string.Join(", ", expected.shape)}]");
        }
    }
}
