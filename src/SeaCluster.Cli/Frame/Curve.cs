namespace SeaCluster.Cli.Frame;

/// <summary>A curve in one line of text.</summary>
internal static class Curve
{
    private const string Heights = "▁▂▃▄▅▆▇█";

    /// <summary>The values as blocks of growing height, at most <paramref name="width"/> of them.</summary>
    public static string Of(IReadOnlyList<float> values, int width)
    {
        float low = values.Min(), span = Math.Max(values.Max() - low, 1e-12f);
        int count = Math.Min(width, values.Count);
        return string.Concat(Enumerable.Range(0, count)
            .Select(i => values[count == 1 ? 0 : (int)((long)i * (values.Count - 1) / (count - 1))])
            .Select(value => Heights[Math.Min(Heights.Length - 1, (int)((value - low) / span * Heights.Length))]));
    }
}
