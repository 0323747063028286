namespace SeaCluster.Demo.Tests;

public sealed class SeededRandomTests
{
    [Fact]
    public void The_sequence_is_fixed_for_ever()
    {
        SeededRandom random = new(42, 7);
        ulong[] found = [random.NextBits(), random.NextBits(), random.NextBits()];
        found.ShouldBe([16797791211601080252, 15776468783856026618, 17926261644908239079]);
    }

    [Fact]
    public void Streams_and_seeds_differ()
    {
        ulong[] firsts = [.. Enumerable.Range(0, 100).SelectMany(seed => Enumerable.Range(0, 100).Select(stream => new SeededRandom((ulong)seed, (ulong)stream).NextBits()))];
        firsts.Distinct().Count().ShouldBe(10_000);
    }

    [Fact]
    public void Numbers_are_spread_as_they_should_be()
    {
        SeededRandom random = new(3);
        int[] counts = new int[6];
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < 60_000; i++)
        {
            counts[random.Next(6)]++;
            double normal = random.Normal();
            sum += normal;
            squares += normal * normal;
        }

        counts.ShouldAllBe(count => count > 9_600 && count < 10_400);
        (sum / 60_000).ShouldBe(0, 0.02);
        (squares / 60_000).ShouldBe(1, 0.03);
        Enumerable.Range(0, 1000).Select(_ => random.Between(-1, 1)).Distinct().Order().ShouldBe([-1, 0, 1]);
    }
}
