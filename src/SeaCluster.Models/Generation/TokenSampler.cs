namespace SeaCluster.Models.Generation;

/// <summary>Draws one token from logits: repetition penalty, temperature, then top-k, then top-p (nucleus, Holtzman et al. 2020).</summary>
internal sealed class TokenSampler(GenerationOptions options, int request, IReadOnlyList<int> prompt)
{
    private readonly HashSet<int> seen = options.RepetitionPenalty == 1 ? [] : [.. prompt];
    private ulong state = SplitMix(unchecked((ulong)options.Seed) ^ SplitMix((ulong)request + 1));

    public int Next(ReadOnlySpan<float> logits)
    {
        int next = Draw(logits);
        if (options.RepetitionPenalty != 1)
        {
            seen.Add(next);
        }

        return next;
    }

    private int Draw(ReadOnlySpan<float> logits)
    {
        int[] order = new int[logits.Length];
        double[] weights = new double[logits.Length];
        double largest = double.NegativeInfinity;
        for (int i = 0; i < logits.Length; i++)
        {
            order[i] = i;
            weights[i] = seen.Contains(i) ? logits[i] > 0 ? logits[i] / options.RepetitionPenalty : logits[i] * options.RepetitionPenalty : logits[i];
            largest = Math.Max(largest, weights[i]);
        }

        for (int i = 0; i < logits.Length; i++)
        {
            weights[i] = -Math.Exp((weights[i] - largest) / options.Temperature);
        }

        Array.Sort(weights, order);
        int kept = options.TopK > 0 ? Math.Min(options.TopK, order.Length) : order.Length;
        double total = 0;
        for (int i = 0; i < kept; i++)
        {
            total -= weights[i];
        }

        double limit = total * Math.Clamp(options.TopP, 0, 1), mass = 0;
        int last = 0;
        for (; last < kept; last++)
        {
            mass -= weights[last];
            if (mass >= limit)
            {
                break;
            }
        }

        state = unchecked(state + 0x9E3779B97F4A7C15);
        double draw = (SplitMix(state) >> 11) * (1.0 / (1UL << 53)) * mass;
        for (int i = 0; i <= Math.Min(last, kept - 1); i++)
        {
            draw += weights[i];
            if (draw <= 0)
            {
                return order[i];
            }
        }

        return order[0];
    }

    private static ulong SplitMix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
