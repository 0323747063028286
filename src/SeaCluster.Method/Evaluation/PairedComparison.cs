using SeaCluster.Method.Evaluation.Statistics;
using SeaCluster.Models;

namespace SeaCluster.Method.Evaluation;

/// <summary>Two arms on the same cases of one kind.</summary>
/// <param name="First">The first arm's name.</param>
/// <param name="Second">The second arm's name.</param>
/// <param name="Kind">The kind of case that was compared.</param>
/// <param name="Part">The part of the cases, such as <c>held-out</c>; null for all.</param>
/// <param name="Pairs">How often both, one or neither arm had the outcome that the kind's rate counts.</param>
/// <param name="LeftOut">Cases without a verdict in either arm.</param>
/// <param name="Test">McNemar's test of the pairs.</param>
/// <param name="Difference">First rate minus second rate.</param>
/// <param name="Interval">Newcombe's 95 % interval of the difference, which takes the pairs as independent.</param>
/// <param name="Clustered">The 95 % interval under resampling of whole phrases; null where no phrase repeats.</param>
/// <param name="ClusterTest">The test under exchange of whole phrases; null where no phrase repeats.</param>
public sealed record PairedComparison(
    string First,
    string Second,
    CaseKind Kind,
    string? Part,
    PairedCounts Pairs,
    int LeftOut,
    McNemar Test,
    double Difference,
    Interval Interval,
    Interval? Clustered,
    ClusterTest? ClusterTest)
{
    /// <summary>The interval to show: Newcombe's, widened to hold the clustered one where phrases repeat.</summary>
    public Interval Widest => Clustered is { } spread ? Interval.Hull(spread) : Interval;

    /// <summary>Compares two runs on the same cases.</summary>
    /// <exception cref="SeaException">The runs do not cover the same cases of the kind, or were not judged alike.</exception>
    public static PairedComparison Of(
        string first, IReadOnlyList<CaseResult> firstResults, string second, IReadOnlyList<CaseResult> secondResults, CaseKind kind, string? part = null) =>
        OfSeeds(first, [firstResults], second, [secondResults], kind, part);

    /// <summary>
    /// Compares two arms over several seeds, the n-th run of one with the n-th run of the other. The seeds repeat the same phrases, so the clustered
    /// figures are the ones to read.
    /// </summary>
    /// <exception cref="SeaException">The runs do not cover the same cases of the kind, were not judged alike, or differ in number.</exception>
    public static PairedComparison OfSeeds(
        string first,
        IReadOnlyList<IReadOnlyList<CaseResult>> firstSeeds,
        string second,
        IReadOnlyList<IReadOnlyList<CaseResult>> secondSeeds,
        CaseKind kind,
        string? part = null)
    {
        if (firstSeeds.Count != secondSeeds.Count)
        {
            throw new SeaException($"'{first}' has {firstSeeds.Count} seeds and '{second}' has {secondSeeds.Count}.", "Compare the seeds that both have.");
        }

        List<(CaseResult First, CaseResult Second)> all = [];
        for (int seed = 0; seed < firstSeeds.Count; seed++)
        {
            all.AddRange(Join(first, firstSeeds[seed].Where(r => r.Kind == kind), second, secondSeeds[seed].Where(r => r.Kind == kind)));
        }

        (CaseResult First, CaseResult Second)[] judged = [.. all.Where(pair => IsJudged(pair.First) && IsJudged(pair.Second))];
        PairedCounts pairs = PairedCounts.Of(judged.Select(pair => (pair.First.Counts, pair.Second.Counts)));
        (string Cluster, double Value)[] differences =
            [.. judged.Select(pair => (pair.First.Cluster, (pair.First.Counts ? 1.0 : 0.0) - (pair.Second.Counts ? 1.0 : 0.0)))];
        bool repeats = ClusterBootstrap.Count(differences.Select(d => d.Cluster)) < differences.Length;
        return new PairedComparison(
            first, second, kind, part, pairs, all.Count - judged.Length, McNemar.Test(pairs), pairs.Difference, pairs.DifferenceInterval(),
            repeats ? ClusterBootstrap.OfMean(differences) : null,
            repeats ? Statistics.ClusterTest.Run(differences) : null);
    }

    private static bool IsJudged(CaseResult result) => result.Outcome is not (Outcome.Failed or Outcome.Pending);

    private static IEnumerable<(CaseResult First, CaseResult Second)> Join(
        string first, IEnumerable<CaseResult> firstResults, string second, IEnumerable<CaseResult> secondResults)
    {
        Dictionary<string, CaseResult> ours = firstResults.ToDictionary(r => r.Hash, StringComparer.Ordinal);
        Dictionary<string, CaseResult> theirs = secondResults.ToDictionary(r => r.Hash, StringComparer.Ordinal);
        int onlyOurs = ours.Keys.Count(hash => !theirs.ContainsKey(hash)), onlyTheirs = theirs.Keys.Count(hash => !ours.ContainsKey(hash));
        if (onlyOurs + onlyTheirs > 0)
        {
            throw new SeaException(
                $"'{first}' and '{second}' were not asked the same cases: {onlyOurs} of {ours.Count} are only in '{first}', {onlyTheirs} of {theirs.Count} only in '{second}'.",
                "A paired test needs the same questions and media in both; evaluate both on one set.");
        }

        string[] judges = [.. ours.Values.Concat(theirs.Values).Where(IsJudged).Select(r => $"{r.Judge} {r.JudgeVersion}").Distinct(StringComparer.Ordinal)];
        if (judges.Length > 1)
        {
            throw new SeaException(
                $"'{first}' and '{second}' were not judged alike: {string.Join(", ", judges.Select(j => $"'{j}'"))}.",
                "Evaluate again with one judge; answers are kept and only judged again.");
        }

        return ours.Values.Select(r => (r, theirs[r.Hash]));
    }
}
