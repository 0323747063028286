using SeaCluster.Method.Alignment;
using SeaCluster.Models;

namespace SeaCluster.Method.Tests.Alignment;

public sealed class RowOrderTests
{
    private static readonly (RowKind Kind, string? Medium)[] Rows =
    [
        .. Enumerable.Range(0, 10).Select(i => (RowKind.HarmfulText, (string?)null)),
        .. Enumerable.Range(0, 6).Select(i => (RowKind.HarmfulMedia, (string?)$"m{i}")),
        .. Enumerable.Range(0, 24).Select(i => (RowKind.Retention, (string?)$"m{i % 12}")),
    ];

    [Fact]
    public void Every_row_of_a_kind_is_taken_once_an_epoch_and_each_epoch_has_its_order()
    {
        RowOrder order = new(Rows, new RowMix { HarmfulText = 5, HarmfulMedia = 0, BenignText = 0, BenignMedia = 0, Retention = 0 }, 1);
        int[] first = [.. order.Of(0), .. order.Of(1)], second = [.. order.Of(2), .. order.Of(3)];
        first.Order().ShouldBe(Enumerable.Range(0, 10));
        second.Order().ShouldBe(Enumerable.Range(0, 10));
        second.ShouldNotBe(first);
    }

    [Fact]
    public void A_step_depends_on_seed_and_number_alone()
    {
        RowMix mix = new() { HarmfulText = 3, HarmfulMedia = 2, BenignText = 0, BenignMedia = 0, Retention = 3 };
        RowOrder walked = new(Rows, mix, 7), jumped = new(Rows, mix, 7), other = new(Rows, mix, 8);
        int[][] steps = [.. Enumerable.Range(0, 20).Select(walked.Of)];
        jumped.Of(19).ShouldBe(steps[19]);
        jumped.Of(3).ShouldBe(steps[3]);
        Enumerable.Range(0, 20).Select(other.Of).SequenceEqual(steps, new SameSteps()).ShouldBeFalse();
    }

    [Fact]
    public void Retention_rows_are_of_the_steps_own_media_while_there_are_any()
    {
        RowOrder order = new(Rows, new RowMix { HarmfulText = 0, HarmfulMedia = 2, BenignText = 0, BenignMedia = 0, Retention = 5 }, 3);
        for (int step = 0; step < 10; step++)
        {
            int[] rows = order.Of(step);
            string[] media = [.. rows.Where(row => Rows[row].Kind == RowKind.HarmfulMedia).Select(row => Rows[row].Medium!)];
            int[] retention = [.. rows.Where(row => Rows[row].Kind == RowKind.Retention)];
            retention.Length.ShouldBe(5);
            retention.Count(row => media.Contains(Rows[row].Medium)).ShouldBeGreaterThanOrEqualTo(4);
        }
    }

    [Fact]
    public void A_mix_of_absent_rows_or_of_nothing_is_named()
    {
        Should.Throw<SeaException>(() => new RowOrder(Rows, new RowMix { BenignText = 2, BenignMedia = 0 }, 1)).Message.ShouldBe("The mix asks for 2 BenignText rows a step, but there are none.");
        RowMix none = new RowMix().Without([.. Enum.GetValues<RowKind>()]);
        Should.Throw<SeaException>(() => new RowOrder(Rows, none, 1)).Message.ShouldBe("The mix asks for no rows at all.");
    }

    [Fact]
    public void Shares_become_whole_rows_by_largest_remainder()
    {
        RowMix mix = RowMix.OfShares(10, new Dictionary<RowKind, double> { [RowKind.HarmfulText] = 1, [RowKind.HarmfulMedia] = 1, [RowKind.BenignText] = 1 });
        (mix.HarmfulText, mix.HarmfulMedia, mix.BenignText, mix.BenignMedia, mix.Retention).ShouldBe((4, 3, 3, 0, 0));
        Should.Throw<SeaException>(() => RowMix.OfShares(10, new Dictionary<RowKind, double> { [RowKind.HarmfulText] = -1 })).Message.ShouldContain("HarmfulText -1 of 10 rows");
    }

    private sealed class SameSteps : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? x, int[]? y) => x!.SequenceEqual(y!);

        public int GetHashCode(int[] obj) => obj.Length;
    }
}
