namespace SeaCluster.Method.Evaluation.Statistics;

/// <summary>
/// A paired test that respects clusters: the two arms' labels are exchanged for whole clusters at a time (sign-flip permutation test). Under
/// the hypothesis that the arms do not differ, every such exchange is as likely as the one seen.
/// </summary>
/// <param name="PValue">Two-sided.</param>
/// <param name="Clusters">How many clusters were exchanged.</param>
/// <param name="Exact">True when all 2^clusters exchanges were counted; false when they were sampled.</param>
public readonly record struct ClusterTest(double PValue, int Clusters, bool Exact)
{
    private const int ExactClusters = 16;
    private const int Draws = 20_000;

    /// <summary>Tests whether the mean of the paired differences is 0.</summary>
    /// <param name="differences">Each case's cluster and its first arm's outcome minus its second's.</param>
    /// <param name="seed">The seed of the draws, where they are sampled.</param>
    public static ClusterTest Run(IEnumerable<(string Cluster, double Value)> differences, ulong seed = 1)
    {
        double[] all = [.. ClusterBootstrap.Gather(differences).Select(c => c.Sum)];
        double[] sums = [.. all.Where(sum => sum != 0)];
        double seen = Math.Abs(sums.Sum());
        if (sums.Length <= ExactClusters)
        {
            int exchanges = 1 << sums.Length, extreme = 0;
            for (int mask = 0; mask < exchanges; mask++)
            {
                extreme += Reaches(sums, i => (mask >> i & 1) == 1, seen) ? 1 : 0;
            }

            return new ClusterTest(extreme / (double)exchanges, all.Length, Exact: true);
        }

        // The one seen counts as a draw, so that p is never 0 (Phipson and Smyth 2010).
        SplitMix random = new(seed);
        int reached = 1;
        for (int draw = 0; draw < Draws; draw++)
        {
            reached += Reaches(sums, _ => random.Below(2) == 1, seen) ? 1 : 0;
        }

        return new ClusterTest(reached / (Draws + 1.0), all.Length, Exact: false);
    }

    private static bool Reaches(double[] sums, Func<int, bool> flipped, double seen)
    {
        double sum = 0;
        for (int i = 0; i < sums.Length; i++)
        {
            sum += flipped(i) ? -sums[i] : sums[i];
        }

        return Math.Abs(sum) >= seen - 1e-9;
    }
}
