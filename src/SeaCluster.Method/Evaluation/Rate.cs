using SeaCluster.Method.Evaluation.Statistics;

namespace SeaCluster.Method.Evaluation;

/// <summary>A share of the judged cases, with everything one needs to know how far to trust it.</summary>
/// <param name="Hits">Cases with the outcome.</param>
/// <param name="Judged">Cases with any outcome: the denominator.</param>
/// <param name="Failed">Cases without an answer or without a verdict, left out of the denominator.</param>
/// <param name="Clusters">How many phrases the judged cases come from: where they repeat phrases, nearer the true size of the sample.</param>
/// <param name="Clustered">The 95 % interval under resampling of whole phrases; null where no phrase repeats, or all cases share one.</param>
public sealed record Rate(int Hits, int Judged, int Failed, int Clusters, Interval? Clustered)
{
    /// <summary>The share; null without a judged case.</summary>
    public double? Value => Judged == 0 ? null : Hits / (double)Judged;

    /// <summary>Wilson's 95 % interval, which takes the cases as independent.</summary>
    public Interval Wilson => Proportion.Wilson(Hits, Judged);

    /// <summary>
    /// The interval to show: Wilson's, widened to hold the clustered one where phrases repeat. A few phrases that happen to agree make resampling
    /// too sure of itself; where all of them agree it sees no spread at all, and Wilson's is taken with as many trials as there are phrases.
    /// </summary>
    public Interval Interval => Clustered switch
    {
        null => Wilson,
        { } spread when spread.High > spread.Low => Wilson.Hull(spread),
        _ => Proportion.Wilson((int)Math.Round(Value!.Value * Clusters), Clusters),
    };

    /// <summary>What the share would be, were every failed case the one or the other.</summary>
    public Interval FailureBounds => Judged + Failed == 0
        ? new Interval(0, 1)
        : new Interval(Hits / (double)(Judged + Failed), (Hits + Failed) / (double)(Judged + Failed));

    /// <summary>Counts one kind's results.</summary>
    public static Rate Of(IEnumerable<CaseResult> results)
    {
        CaseResult[] all = [.. results], judged = [.. all.Where(r => r.Outcome is not (Outcome.Failed or Outcome.Pending))];
        int clusters = ClusterBootstrap.Count(judged.Select(r => r.Cluster));
        return new Rate(
            judged.Count(r => r.Counts),
            judged.Length,
            all.Length - judged.Length,
            clusters,
            clusters < judged.Length ? ClusterBootstrap.OfMean(judged.Select(r => (r.Cluster, r.Counts ? 1.0 : 0.0))) : null);
    }
}
