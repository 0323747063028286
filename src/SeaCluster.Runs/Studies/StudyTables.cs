using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Reporting;
using SeaCluster.Models;
using SeaCluster.Models.Configuration;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Stages;

namespace SeaCluster.Runs.Studies;

/// <summary>The runs of a study side by side.</summary>
internal static class StudyTables
{
    /// <summary>The page's name in the study's folder.</summary>
    public const string ReportName = "report.html";

    private const int MostFacts = 40;

    /// <summary>Reads every variant's answers.</summary>
    public static StudyOutcome Collect(IReadOnlyList<VariantOutcome> outcomes)
    {
        VariantOutcome[] evaluated = [.. outcomes.Where(each => each.Run.State is RunState.Done or RunState.Partly && File.Exists(FileOf(each, EvaluateStage.AlignedFile)))];
        if (evaluated.Length == 0)
        {
            return new StudyOutcome(outcomes, null, null, []);
        }

        List<(string Trained, string Method, IReadOnlyList<IReadOnlyList<CaseResult>> Seeds)> arms = [];
        // The base is one for each modality that is trained on and each seed's cases: its answers are greedy, so one of them stands for all.
        if (evaluated.FirstOrDefault(each => File.Exists(FileOf(each, EvaluateStage.BaseFile))) is { } first)
        {
            arms.Add((Trained(first), "base", [ResultFile.Read(FileOf(first, EvaluateStage.BaseFile))]));
        }

        arms.AddRange(evaluated.GroupBy(each => (Trained(each), each.Variant.Arm.Length == 0 ? "run" : each.Variant.Arm))
            .Select(arm => (arm.Key.Item1, arm.Key.Item2, (IReadOnlyList<IReadOnlyList<CaseResult>>)[.. arm.Select(each => ResultFile.Read(FileOf(each, EvaluateStage.AlignedFile)))])));
        return new StudyOutcome(
            outcomes,
            new ResultTable([.. arms.Select(arm => ResultRow.Of(arm.Trained, arm.Method, arm.Seeds))]),
            Transfers(arms),
            [.. evaluated.DistinctBy(each => each.Variant.Arm).SelectMany(each => EvaluateStage.TextOf(each.Run.Folder, EvaluateStage.AlignedFile) is { } after
                && EvaluateStage.TextOf(each.Run.Folder, EvaluateStage.BaseFile) is { } before ? [new TextFigure(each.Variant.Name, "base", TextComparison.Of(before, after))] : Array.Empty<TextFigure>())]);
    }

    // One row for each arm and each modality that it was attacked in; text is one of them.
    private static ResultTable? Transfers(IReadOnlyList<(string Trained, string Method, IReadOnlyList<IReadOnlyList<CaseResult>> Seeds)> arms)
    {
        string[] modalities = [.. arms.SelectMany(arm => arm.Seeds).SelectMany(seed => seed).Select(AttackModality.Of).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return modalities.Count(modality => modality != AttackModality.Text) < 2 ? null : new ResultTable(
        [
            .. modalities.SelectMany(modality => arms.Select(arm => ResultRow.Of(
                modality, arm.Method == "base" ? "base" : $"{arm.Method}, trained on {arm.Trained}",
                [.. arm.Seeds.Select(seed => (IReadOnlyList<CaseResult>)[.. seed.Where(result => AttackModality.Of(result) == modality)])]))),
        ]);
    }

    /// <summary>Writes <c>table.json</c> and <c>report.html</c>, where something was evaluated.</summary>
    public static void Write(StudyFolder study, string folder, StudyOutcome done)
    {
        if (done.Table is null)
        {
            return;
        }

        JsonObject table = done.Table.ToJson(TimeSpan.FromSeconds(done.Variants.Sum(each => each.Run.Stages.Sum(stage => stage.Worked.TotalSeconds))));
        if (done.Transfer is { } transfer)
        {
            table["transfer"] = transfer.ToJson(TimeSpan.Zero)["table"]!.DeepClone();
        }

        AtomicFile.WriteAllText(Path.Combine(folder, "table.json"), table.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        HtmlReport.Write(Path.Combine(folder, ReportName), new ReportData(study.Name)
        {
            Facts = [new ReportFact("Runs", $"{study.Runs.Count}"), .. study.Runs.Take(MostFacts).Select(run => new ReportFact($"Run: {run.Name}", StateOf(done, run.Name), run.Folder)), .. study.LeftOut.Select(left => new ReportFact($"Left out: {left.Key}", left.Value))],
            Results = done.Transfer is null ? done.Table : new ResultTable([.. done.Table.Rows.Select(row => row with { Modality = $"all attacks, trained on {row.Modality}" }), .. done.Transfer.Rows.Select(row => row with { Modality = $"attacks in {row.Modality}" })]),
            Comparisons = Comparisons(done),
            Texts = done.Texts,
            SetAside = [.. done.Variants.Where(each => each.Run.State == RunState.Failed).Select(each => new SetAsideRow("run", each.Variant.Name, each.Run.Error?.Message ?? "failed"))],
        });
    }

    private static string StateOf(StudyOutcome done, string name) =>
        done.Variants.FirstOrDefault(each => each.Variant.Name == name)?.Run.State.ToString().ToLowerInvariant() ?? "not begun";

    // Every arm against the base, on the same cases.
    private static IReadOnlyList<PairedComparison> Comparisons(StudyOutcome done) =>
    [
        .. done.Variants.Where(each => File.Exists(FileOf(each, EvaluateStage.AlignedFile)) && File.Exists(FileOf(each, EvaluateStage.BaseFile))).DistinctBy(each => each.Variant.Arm)
            .SelectMany(each => new[] { CaseKind.Harmful, CaseKind.Benign }.Select(kind => PairedComparison.Of(
                "base", ResultFile.Read(FileOf(each, EvaluateStage.BaseFile)), each.Variant.Name, ResultFile.Read(FileOf(each, EvaluateStage.AlignedFile)), kind))),
    ];

    private static string Trained(VariantOutcome each) =>
        (each.Variant.Spec.Synthesize.Modality ?? ModelConfig.Read(each.Variant.Spec.Model.Path).Modalities[0]).Name();

    private static string FileOf(VariantOutcome each, string name) => Path.Combine(each.Run.Folder.Evaluation, name);
}
