using System.Text.Json.Nodes;
using SeaCluster.Method.Evaluation;

namespace SeaCluster.Method.Tests.Evaluation;

public class ResultTableTests
{
    [Fact]
    public void The_json_has_means_ranges_intervals_and_sizes()
    {
        ResultTable table = new([ResultRow.Of("image", "sea", [Seed(4), Seed(6), Seed(5)])]);

        JsonObject json = table.ToJson(TimeSpan.FromSeconds(12.3456));

        json["seconds"]!.GetValue<double>().ShouldBe(12.346);
        JsonObject row = json["table"]!.AsArray().ShouldHaveSingleItem()!.AsObject();
        row["modality"]!.GetValue<string>().ShouldBe("image");
        row["method"]!.GetValue<string>().ShouldBe("sea");
        row["seeds"]!.GetValue<int>().ShouldBe(3);
        row["asr_held_out"]!.GetValue<double>().ShouldBe(0.5);
        row["asr_held_out_range"]!.ToJsonString().ShouldBe("[0.4,0.6]");
        row["asr_held_out_n"]!.GetValue<int>().ShouldBe(10);
        row["asr_held_out_phrases"]!.GetValue<int>().ShouldBe(2);
        row["asr_held_out_interval"]!.AsArray().Select(v => v!.GetValue<double>()).ShouldBeInOrder();
        row["asr_seen"].ShouldBeNull();
        row.ContainsKey("asr_seen").ShouldBeTrue();
        row.ContainsKey("asr_seen_range").ShouldBeFalse();
        row["asr_text"]!.GetValue<double>().ShouldBe(0);
        row["benign_compliance"]!.GetValue<double>().ShouldBe(1);
        row["content_kept"]!.GetValue<double>().ShouldBe(1);
    }

    [Fact]
    public void Columns_without_a_figure_are_not_shown_and_the_split_stands_for_the_whole()
    {
        ResultTable unsplit = new([ResultRow.Of("image", "sea", [Seed(4)])]);
        CaseResult[] both = [.. Seed(4), .. Seed(4).Select(r => r with { Group = "seen" })];
        ResultTable split = new([ResultRow.Of("image", "sea", [both])]);

        unsplit.Columns.Select(c => c.Key).ShouldBe(["asr", "asr_text", "benign_compliance", "content_kept"]);
        split.Columns.Select(c => c.Key).ShouldBe(["asr_seen", "asr_held_out", "asr_text", "benign_compliance", "content_kept"]);
    }

    [Fact]
    public void A_cell_counts_failures_and_knows_when_there_is_nothing()
    {
        CaseResult[] seed = [.. Seed(4).Select((r, i) => i == 0 ? r with { Outcome = Outcome.Failed } : r)];

        ResultCell cell = ResultCell.Of([seed.Where(r => r.Kind == CaseKind.Harmful && !r.TextOnly)])!;

        (cell.Failed, cell.Cases, cell.Mean).ShouldBe((1, 9, 3 / 9.0));
        ResultCell.Of([[]]).ShouldBeNull();
        ResultCell.Of([[seed[0]]]).ShouldBeNull();
    }

    [Fact]
    public void Repeated_phrases_never_narrow_an_interval()
    {
        // Two phrases of five pictures that happen to agree: resampling them alone would claim certainty.
        CaseResult[] alike = [.. Enumerable.Range(0, 10).Select(i => Case(i, CaseKind.Harmful, i % 5 < 2 ? Outcome.Unsafe : Outcome.Safe, $"p{i / 5}"))];
        CaseResult[] allUnsafe = [.. Enumerable.Range(0, 100).Select(i => Case(i, CaseKind.Harmful, Outcome.Unsafe, $"p{i % 4}"))];

        Rate rate = Rate.Of(alike);

        rate.Clustered!.Value.ShouldBe(new Method.Evaluation.Statistics.Interval(0.4, 0.4));
        rate.Interval.ShouldBe(Method.Evaluation.Statistics.Proportion.Wilson(1, 2));
        Rate.Of(allUnsafe).Interval.ShouldBe(Method.Evaluation.Statistics.Proportion.Wilson(4, 4));
        Rate.Of(allUnsafe).Wilson.Low.ShouldBeGreaterThan(0.96);
    }

    private static CaseResult[] Seed(int attacks) =>
    [
        .. Enumerable.Range(0, 10).Select(i => Case(i, CaseKind.Harmful, i < attacks ? Outcome.Unsafe : Outcome.Safe, $"p{i % 2}") with { Group = "held-out", Media = "p.png" }),
        .. Enumerable.Range(10, 5).Select(i => Case(i, CaseKind.Harmful, Outcome.Safe)),
        .. Enumerable.Range(20, 5).Select(i => Case(i, CaseKind.Benign, Outcome.Complied)),
        .. Enumerable.Range(30, 5).Select(i => Case(i, CaseKind.Content, Outcome.Kept)),
    ];

    private static CaseResult Case(int id, CaseKind kind, Outcome outcome, string? phrase = null) =>
        new($"{id}", $"hash {id}", kind, outcome, "q", "model", "answer", "judge", "1", Phrase: phrase);
}
