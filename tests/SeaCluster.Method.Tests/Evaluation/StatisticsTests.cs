using SeaCluster.Method.Evaluation.Statistics;

namespace SeaCluster.Method.Tests.Evaluation;

public class StatisticsTests
{
    [Theory]
    [InlineData(0.90, 1.6448536269514715)]
    [InlineData(0.95, 1.9599639845400536)]
    [InlineData(0.99, 2.5758293035489)]
    public void Critical_values_are_the_normal_tables(double confidence, double z) => Normal.CriticalValue(confidence).ShouldBe(z, 1e-12);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 0.4795001221869535)]
    [InlineData(1.9, 0.0072095707647425325)]
    [InlineData(2, 0.004677734981047265)]
    [InlineData(5, 1.5374597944280351e-12)]
    [InlineData(-1, 1.8427007929497148)]
    public void The_complementary_error_function_is_exact_to_double_precision(double x, double expected) =>
        Normal.Erfc(x).ShouldBe(expected, expected * 1e-11);

    // Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void Wilson_intervals_are_those_of_Newcombes_table(int successes, int trials, double low, double high)
    {
        Interval interval = Proportion.Wilson(successes, trials);

        interval.Low.ShouldBe(low, 5e-5);
        interval.High.ShouldBe(high, 5e-5);
    }

    [Fact]
    public void Wilson_intervals_touch_the_ends_exactly_and_know_nothing_without_trials()
    {
        Proportion.Wilson(0, 12).Low.ShouldBe(0);
        Proportion.Wilson(12, 12).High.ShouldBe(1);
        Proportion.Wilson(0, 0).ShouldBe(new Interval(0, 1));
        Should.Throw<ArgumentOutOfRangeException>(() => Proportion.Wilson(3, 2));
    }

    [Theory]
    [InlineData(1, 7, 0.0703125)] // Bentur et al. 2009, in Fagerland, Lydersen and Laake 2014: exact conditional p = 0.0703
    [InlineData(1, 5, 0.21875)]
    [InlineData(0, 6, 0.03125)]
    [InlineData(12, 2, 0.012939453125)]
    [InlineData(9, 16, 0.2295229434967041)]
    [InlineData(0, 0, 1)]
    [InlineData(5, 5, 1)]
    public void McNemar_counts_the_binomial_tail_up_to_25_discordant_pairs(int onlyFirst, int onlySecond, double p)
    {
        McNemar test = McNemar.Test(new PairedCounts(10, onlyFirst, onlySecond, 10));

        test.Form.ShouldBe(McNemarForm.ExactBinomial);
        test.PValue.ShouldBe(p, 1e-12);
        test.Describe().ShouldBe($"exact binomial, {onlyFirst + onlySecond} discordant");
    }

    [Theory]
    [InlineData(121, 59, 20.672222, 5.450094825427123e-06)]
    [InlineData(30, 12, 6.880952, 0.008711912962379598)]
    [InlineData(25, 25, 0, 1)]
    public void McNemar_uses_the_corrected_chi_square_above(int onlyFirst, int onlySecond, double statistic, double p)
    {
        McNemar test = McNemar.Test(new PairedCounts(3, onlyFirst, onlySecond, 4));

        test.Form.ShouldBe(McNemarForm.ChiSquareCorrected);
        test.Statistic.ShouldBe(statistic, 1e-6);
        test.PValue.ShouldBe(p, p * 1e-10);
    }

    // Newcombe, Statistics in Medicine 17 (1998) 2635-2650, method 10; the first also in Fagerland, Lydersen and Laake 2014.
    [Theory]
    [InlineData(1, 1, 7, 12, -0.2857, -0.5069, -0.0256)]
    [InlineData(36, 12, 2, 0, 0.2000, 0.0569, 0.3404)]
    [InlineData(20, 12, 2, 16, 0.2000, 0.0562, 0.3292)]
    public void Paired_differences_have_Newcombes_hybrid_interval(int both, int first, int second, int neither, double difference, double low, double high)
    {
        PairedCounts pairs = new(both, first, second, neither);

        pairs.Difference.ShouldBe(difference, 5e-5);
        pairs.DifferenceInterval().Low.ShouldBe(low, 5e-5);
        pairs.DifferenceInterval().High.ShouldBe(high, 5e-5);
    }

    [Fact]
    public void Identical_arms_have_an_interval_around_zero_without_an_exception()
    {
        Interval interval = new PairedCounts(10, 0, 0, 0).DifferenceInterval();

        interval.Low.ShouldBe(-interval.High, 1e-12);
        interval.High.ShouldBeInRange(0.2, 0.4);
        new PairedCounts().DifferenceInterval().ShouldBe(new Interval(-1, 1));
    }

    [Fact]
    public void Pairs_are_counted_cell_by_cell() =>
        PairedCounts.Of([(true, true), (true, false), (true, false), (false, true), (false, false)]).ShouldBe(new PairedCounts(1, 2, 1, 1));

    [Fact]
    public void Seeds_give_a_mean_and_a_range()
    {
        SeedRange range = SeedRange.Of([0.41, null, 0.9, 0.85])!;

        range.Mean.ShouldBe(0.72, 1e-12);
        (range.Low, range.High).ShouldBe((0.41, 0.9));
        SeedRange.Of([null]).ShouldBeNull();
    }

    [Fact]
    public void Clusters_that_agree_within_themselves_widen_the_interval()
    {
        // 12 phrases, 12 pictures each, all pictures of a phrase alike: 144 cases that carry the weight of 12.
        var alike = Enumerable.Range(0, 144).Select(i => ($"phrase {i / 12}", i / 12 < 6 ? 1.0 : 0.0)).ToArray();
        Interval byCase = Proportion.Wilson(72, 144), byCluster = ClusterBootstrap.OfMean(alike)!.Value;

        (byCase.High - byCase.Low).ShouldBe(0.161, 0.001);
        // Binomial(12, 1/2) / 12: the 2.5 % and 97.5 % points are 3/12 and 9/12.
        byCluster.Low.ShouldBe(0.25, 1e-9);
        byCluster.High.ShouldBe(0.75, 1e-9);
    }

    [Fact]
    public void The_bootstrap_depends_on_its_seed_and_not_on_the_order_of_the_cases()
    {
        var values = Enumerable.Range(0, 60).Select(i => ($"c{i % 9}", i % 9 * 0.123)).ToArray();

        ClusterBootstrap.OfMean(values).ShouldBe(ClusterBootstrap.OfMean(Enumerable.Reverse(values)));
        ClusterBootstrap.OfMean(values, seed: 2).ShouldNotBe(ClusterBootstrap.OfMean(values, seed: 1));
        ClusterBootstrap.OfMean([("one", 1), ("one", 0)]).ShouldBeNull();
    }

    [Fact]
    public void Exchanging_whole_clusters_counts_the_two_extreme_exchanges_of_a_one_sided_difference()
    {
        // Six phrases, all better in the first arm: only the exchange seen and its mirror reach it, 2 / 2^6.
        var differences = Enumerable.Range(0, 60).Select(i => ($"phrase {i % 6}", 1.0));

        ClusterTest test = ClusterTest.Run(differences);

        test.ShouldBe(new ClusterTest(2 / 64.0, 6, Exact: true));
    }

    [Fact]
    public void Many_clusters_are_sampled_with_the_seen_exchange_counted()
    {
        var differences = Enumerable.Range(0, 40).Select(i => ($"phrase {i}", 1.0));

        ClusterTest test = ClusterTest.Run(differences);

        test.Exact.ShouldBeFalse();
        test.PValue.ShouldBe(1 / 20_001.0, 1e-12);
        ClusterTest.Run([("a", 0), ("b", 0)]).PValue.ShouldBe(1);
    }
}
