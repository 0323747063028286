using System.Text.Json.Nodes;
using SeaCluster.Method.Parity;
using SeaCluster.Models;

namespace SeaCluster.Tests.Parity;

/// <summary>What a checker is for: fixtures that differ, or that cannot be checked.</summary>
public sealed class ParityFailureTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("sea-parity-tests-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_figure_that_differs_is_outside_and_sections_that_are_not_there_are_absent()
    {
        ParityReport report = Run(Family("llava", cases =>
        {
            Keep(cases, "forward");
            cases["forward"] = new JsonArray(cases["forward"]![0]!.DeepClone());
            cases["forward"]![0]!["mean_nll"] = cases["forward"]![0]!["mean_nll"]!.GetValue<double>() + 0.25;
            cases["forward"]![0]!["ids"]![3] = 17;
        }));
        report.Passed.ShouldBeFalse();
        Row(report, "mean_nll").Outcome.ShouldBe(ParityOutcome.Outside);
        Row(report, "ids").ShouldSatisfyAllConditions(row => row.Outcome.ShouldBe(ParityOutcome.Outside), row => row.Distance.ShouldBe(1));
        Row(report, "labels").Outcome.ShouldBe(ParityOutcome.Inside);
        report.Rows.Where(row => row.Outcome == ParityOutcome.Absent).Select(row => row.Group)
            .ShouldBe(["llava tokenizer", "llava/image preprocessing", "llava/image greedy", "llava/image sea", "llava/image sft", "llava/image dpo", "llava/image eraser"], ignoreOrder: true);
        report.Rows.Where(row => row.Outcome == ParityOutcome.Absent).ShouldAllBe(row => row.Passed);
    }

    [Fact]
    public void Missing_tensors_and_adapters_are_failures_that_say_why()
    {
        string folder = Family("llava", cases => Keep(cases, "forward", "sft"), tensors: false);
        ParityReport report = Run(folder);
        report.Passed.ShouldBeFalse();
        Row(report, "answer_nll").ShouldSatisfyAllConditions(
            row => row.Outcome.ShouldBe(ParityOutcome.NotChecked), row => row.Note!.ShouldContain("cases-image.safetensors: there is no such file"), row => row.Passed.ShouldBeFalse());
        Row(report, "text").Outcome.ShouldBe(ParityOutcome.Inside);
        Row(report, "losses").Note!.ShouldContain($"{Path.Combine(folder, "adapters-image", "sft-initial")}: no adapter_config.json");
        Row(report, "row_losses_after").Outcome.ShouldBe(ParityOutcome.NotChecked);
    }

    [Fact]
    public void Every_figure_of_a_checkpoint_that_cannot_be_loaded_is_a_failure_with_the_reason()
    {
        string folder = Family("llava", cases => Keep(cases, "forward"));
        Directory.Delete(Path.Combine(folder, "model"));
        Directory.CreateDirectory(Path.Combine(folder, "model"));
        File.WriteAllText(Path.Combine(folder, "model", "config.json"), """{"model_type": "unheard_of"}""");
        ParityReport report = Run(folder);
        ParityRow[] present = [.. report.Rows.Where(row => row.Outcome != ParityOutcome.Absent)];
        present.Length.ShouldBeGreaterThan(20);
        present.ShouldAllBe(row => row.Outcome == ParityOutcome.NotChecked && row.Note!.Contains("unheard_of", StringComparison.Ordinal));
    }

    [Fact]
    public void Cases_that_are_not_JSON_and_folders_without_fixtures_are_named()
    {
        Should.Throw<SeaException>(() => ParityChecker.Run(root)).Message.ShouldBe($"{root}: nothing to check.");
        Should.Throw<SeaException>(() => ParityChecker.Run(Path.Combine(root, "none"))).Message.ShouldContain("no such folder");
        string folder = Directory.CreateDirectory(Path.Combine(root, "broken")).FullName;
        File.WriteAllText(Path.Combine(folder, "cases-image.json"), """{"family": "llava", "media_kind": "image", "forward": [{"name": 3}]}""");
        ParityRow row = Row(Run(folder), "all figures");
        row.Outcome.ShouldBe(ParityOutcome.NotChecked);
        row.Note!.ShouldContain($"{Path.Combine(folder, "cases-image.json")}: cannot be read at $.forward[0].name");
    }

    [Fact]
    public void Published_configurations_are_checked_where_the_folder_has_them()
    {
        Directory.CreateSymbolicLink(Path.Combine(root, "published_configs"), Repository.Fixture("published_configs"));
        ParityReport report = Run(root);
        report.Passed.ShouldBeTrue();
        report.Rows.Count.ShouldBe(6 * 14);
    }

    private static ParityReport Run(string folder) => ParityChecker.Run(folder);

    private static ParityRow Row(ParityReport report, string figure) => report.Rows.First(row => row.Figure == figure);

    private static void Keep(JsonObject cases, params string[] sections)
    {
        foreach (string section in new[] { "preprocessing", "forward", "greedy", "sea", "sft", "dpo", "eraser" }.Except(sections))
        {
            cases.Remove(section);
        }
    }

    // A family's folder with the fixtures' model and tensors, and cases of its own.
    private string Family(string name, Action<JsonObject> change, bool tensors = true)
    {
        string folder = Directory.CreateDirectory(Path.Combine(root, name)).FullName;
        Directory.CreateSymbolicLink(Path.Combine(folder, "model"), Repository.Fixture(name, "model"));
        if (tensors)
        {
            File.CreateSymbolicLink(Path.Combine(folder, "cases-image.safetensors"), Repository.Fixture(name, "cases-image.safetensors"));
        }

        JsonObject cases = JsonNode.Parse(File.ReadAllText(Repository.Fixture(name, "cases-image.json")))!.AsObject();
        change(cases);
        File.WriteAllText(Path.Combine(folder, "cases-image.json"), cases.ToJsonString());
        return folder;
    }
}
