using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Statistics;
using SeaCluster.Models;

namespace SeaCluster.Method.Tests.Evaluation;

public class PairedComparisonTests
{
    [Fact]
    public void Pairs_are_joined_by_case_whatever_their_order()
    {
        CaseResult[] text = [Result(1, Outcome.Unsafe), Result(2, Outcome.Unsafe), Result(3, Outcome.Safe), Result(4, Outcome.Unsafe)];
        CaseResult[] sea = [Result(4, Outcome.Safe), Result(3, Outcome.Unsafe), Result(2, Outcome.Unsafe), Result(1, Outcome.Safe)];

        PairedComparison comparison = PairedComparison.Of("text-only", text, "sea", sea, CaseKind.Harmful);

        comparison.Pairs.ShouldBe(new PairedCounts(1, 2, 1, 0));
        comparison.Difference.ShouldBe(0.25);
        comparison.Test.PValue.ShouldBe(1);
        comparison.Clustered.ShouldBeNull();
        comparison.ClusterTest.ShouldBeNull();
    }

    [Fact]
    public void Pairs_without_a_verdict_are_left_out_and_counted()
    {
        PairedComparison comparison = PairedComparison.Of(
            "a", [Result(1, Outcome.Failed), Result(2, Outcome.Unsafe)], "b", [Result(1, Outcome.Safe), Result(2, Outcome.Safe)], CaseKind.Harmful);

        comparison.LeftOut.ShouldBe(1);
        comparison.Pairs.ShouldBe(new PairedCounts(0, 1, 0, 0));
    }

    [Fact]
    public void Repeated_phrases_bring_the_clustered_figures()
    {
        // Six phrases with ten pictures each, all better in the second arm: McNemar sees 60 pairs, the phrases say 2 / 2^6.
        CaseResult[] first = [.. Enumerable.Range(0, 60).Select(i => Result(i, Outcome.Unsafe, $"phrase {i % 6}"))];
        CaseResult[] second = [.. Enumerable.Range(0, 60).Select(i => Result(i, Outcome.Safe, $"phrase {i % 6}"))];

        PairedComparison comparison = PairedComparison.Of("text-only", first, "sea", second, CaseKind.Harmful);

        comparison.Test.PValue.ShouldBeLessThan(1e-12);
        comparison.ClusterTest.ShouldBe(new ClusterTest(2 / 64.0, 6, Exact: true));
    }

    [Fact]
    public void Seeds_are_paired_one_by_one_and_share_their_phrases()
    {
        CaseResult[] unsafeOnes = [Result(1, Outcome.Unsafe, "p"), Result(2, Outcome.Unsafe, "q")], safe = [Result(1, Outcome.Safe, "p"), Result(2, Outcome.Safe, "q")];

        PairedComparison comparison = PairedComparison.OfSeeds("a", [unsafeOnes, safe], "b", [safe, safe], CaseKind.Harmful, "held-out");

        comparison.Pairs.ShouldBe(new PairedCounts(0, 2, 0, 2));
        comparison.ClusterTest!.Value.Clusters.ShouldBe(2);
        comparison.Part.ShouldBe("held-out");
    }

    [Fact]
    public void Different_case_sets_are_refused_with_how_many_differ()
    {
        SeaException e = Should.Throw<SeaException>(() => PairedComparison.Of(
            "base", [Result(1, Outcome.Safe), Result(2, Outcome.Safe), Result(3, Outcome.Safe)], "sea", [Result(1, Outcome.Safe), Result(9, Outcome.Safe)], CaseKind.Harmful));

        e.Message.ShouldBe("'base' and 'sea' were not asked the same cases: 2 of 3 are only in 'base', 1 of 2 only in 'sea'.");
    }

    [Fact]
    public void Different_judges_and_numbers_of_seeds_are_refused()
    {
        CaseResult one = Result(1, Outcome.Safe);

        Should.Throw<SeaException>(() => PairedComparison.Of("a", [one], "b", [one with { JudgeVersion = "2" }], CaseKind.Harmful))
            .Message.ShouldBe("'a' and 'b' were not judged alike: 'refusal-match 1', 'refusal-match 2'.");
        Should.Throw<SeaException>(() => PairedComparison.OfSeeds("a", [[one], [one]], "b", [[one]], CaseKind.Harmful))
            .Message.ShouldBe("'a' has 2 seeds and 'b' has 1.");
    }

    private static CaseResult Result(int id, Outcome outcome, string? phrase = null) =>
        new($"{id}", $"hash {id}", CaseKind.Harmful, outcome, "q", "model", "answer", "refusal-match", "1", Phrase: phrase);
}
