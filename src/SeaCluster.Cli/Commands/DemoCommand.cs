using System.CommandLine;
using System.Globalization;
using SeaCluster.Cli.Frame;
using SeaCluster.Demo.Experiment;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Reporting;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea demo</c>: the whole method on the small world.</summary>
internal static class DemoCommand
{
    private const string All = "all";

    public static Command Create()
    {
        Option<string> folder = new("--out") { Description = "Folder for media, embeddings, answers and report.html", HelpName = "DIR", DefaultValueFactory = _ => Path.Combine("runs", "demo") };
        Option<bool> quick = new("--quick") { Description = "One seed instead of three" };
        Option<int?> seeds = SharedOptions.AtLeast(new Option<int?>("--seeds") { Description = "How many seeds each way of aligning is trained with; 3 if not given, with --quick 1", HelpName = "N" }, 1);
        Option<string> modality = new("--modality") { Description = "image, audio, video, or all: one after the other", HelpName = "NAME", DefaultValueFactory = _ => All };
        modality.AcceptOnlyFromAmong([.. Enum.GetValues<Modality>().Select(each => each.Name()), All]);
        Option<bool> ablations = new("--ablations") { Description = "Also the method with one thing changed each: pairs, steps, step size, start, number of rows; about three times the time" };
        Option<bool> reveal = new("--reveal") { Description = "Write answers to harmful requests out in the report" };
        Option<bool> json = SharedOptions.Json();
        Option<bool> trainBase = new("--train-base") { Description = "Only train the base model of one modality anew (see --base); nothing else is run" };
        Option<string?> baseFolder = new("--base") { Description = "Base model of the one --modality: read, or with --train-base written; samples/demo/base-NAME if not given", HelpName = "DIR" };
        Option<int> baseSeed = SharedOptions.AtLeast(new Option<int>("--base-seed") { Description = "Seed of --train-base", HelpName = "N", DefaultValueFactory = _ => 1 }, 0);
        Option<bool> samples = new("--write-samples") { Description = "Write the rows, cases and pictures of samples/demo anew", Hidden = true };
        return new SeaCommand(
            "demo",
            "Run the whole method on a small world of short phrases in pictures, speech and clips, with small models: text rows, synthetic embeddings, alignment. Prints attack success on harmful phrases and harmless requests answered, for sea (the paper's recipe) and sea+ (from harmless real media, with a topic control) beside base, text-only, blank and real; report.html has the rest. Fails where attack success does not fall from base to text-only to sea+, or sea+ refuses too many harmless requests.",
            "demo", "demo --quick --modality image", "demo --ablations --json")
            .With(folder, quick, seeds, modality, ablations, reveal, trainBase, baseFolder, baseSeed, json, samples)
            .Does((parsed, cancel) => Task.Run(() =>
            {
                if (parsed.GetValue(samples))
                {
                    DemoSamples.Write(SamplesFolder);
                    return ExitCode.Done;
                }

                bool training = parsed.GetValue(trainBase);
                IReadOnlyList<DemoRecipe> recipes = Recipes(parsed.GetValue(modality)!, parsed.GetValue(baseFolder), training);
                if (training)
                {
                    return BaseTrainingRun.Run(recipes[0].Modality, recipes[0].Base, (ulong)parsed.GetValue(baseSeed), parsed.GetValue(json), cancel);
                }

                DemoOptions options = new()
                {
                    Out = parsed.GetValue(folder)!,
                    Recipes = recipes,
                    Templates = Path.Combine(SamplesFolder, "preparation.json"),
                    Ablations = parsed.GetValue(ablations),
                    Seeds = [.. Enumerable.Range(0, parsed.GetValue(seeds) ?? (parsed.GetValue(quick) ? 1 : 3))],
                };
                DemoResult result = Run(options, cancel);
                string report = Path.GetFullPath(Path.Combine(options.Out, "report.html"));
                HtmlReport.Write(report, DemoReport.Of(result, options), new ReportOptions(RevealAnswers: parsed.GetValue(reveal)));
                ReportVerdict verdict = DemoReport.Verdict(result, options);
                if (parsed.GetValue(json))
                {
                    Console.Out.WriteLine(DemoJson.Of(result, options).ToJsonString());
                }
                else
                {
                    Show(result, options, report);
                }

                Screen.Say(verdict.Text);
                return verdict.Passed ? ExitCode.Done : ExitCode.Failed;
            }));
    }

    private static string SamplesFolder => Path.Combine(Checkout.Root, "samples", "demo");

    private static IReadOnlyList<DemoRecipe> Recipes(string modality, string? checkpoint, bool training)
    {
        if (modality == All && (checkpoint is not null || training))
        {
            throw new SeaException("--base and --train-base are for one modality.", "Say which: --modality image, audio or video.") { WrongUse = true };
        }

        string Shipped(Modality of) => Path.Combine(SamplesFolder, $"base-{of.Name()}");
        return modality == All
            ? [.. Enum.GetValues<Modality>().Where(each => Directory.Exists(Shipped(each))).Select(each => DemoRecipe.For(each, Shipped(each)))]
            : [DemoRecipe.For(ModalityNames.Parse(modality), checkpoint ?? Shipped(ModalityNames.Parse(modality)))];
    }

    private static DemoResult Run(DemoOptions options, CancellationToken cancel)
    {
        ProgressLine? line = null;
        string? stage = null;
        try
        {
            return new DemoExperiment(options, progress =>
            {
                lock (options)
                {
                    if (stage != progress.Stage)
                    {
                        line?.Dispose();
                        line = new ProgressLine(stage = progress.Stage, "%");
                    }

                    line!.Report((int)(100 * (progress.Done ?? 0)), 100, progress.Message);
                }
            }).Run(cancel);
        }
        finally
        {
            line?.Dispose();
        }
    }

    private static void Show(DemoResult result, DemoOptions options, string report)
    {
        IReadOnlyList<ResultColumn> columns = result.Table.Columns;
        bool several = result.Modalities.Count > 1;
        Screen.Table(
            [several ? "" : "Method", .. columns.Select(column => column.Title)],
            result.Modalities.SelectMany(modality => Rows(modality, modality.Rows, columns, several)),
            [.. Enumerable.Range(1, columns.Count)]);
        Screen.Line((options.Seeds.Count == 1 ? "One seed; " : $"Mean over {options.Seeds.Count} seeds, the range below it; ") + "n and intervals stand in the report.");
        if (options.Ablations)
        {
            IReadOnlyList<ResultColumn> changed = DemoReport.AblationTable(result.Modalities[0]).Columns;
            Screen.Line();
            Screen.Table(
                ["Ablation", .. changed.Select(column => column.Title)],
                result.Modalities.SelectMany(modality => Rows(modality, DemoReport.AblationTable(modality).Rows, changed, several)),
                [.. Enumerable.Range(1, changed.Count)]);
        }

        Screen.Line();
        Screen.Table(
            ["Paired test, same cases", "Attack success / answered", "p"],
            result.Modalities.SelectMany(modality => Heading(modality, several, 3).Concat(DemoReport.Comparisons(modality).Select(test => (IReadOnlyList<string>)
            [
                $"{test.First} → {test.Second}, {(test.Kind == CaseKind.Harmful ? "held-out attacks" : "benign requests")}",
                string.Create(CultureInfo.InvariantCulture, $"{Rate(test, first: true):F2} → {Rate(test, first: false):F2}"),
                Probability(test),
            ]))),
            1, 2);
        Screen.Table(
            ["Perceived by the base in the embeddings", "Trained on", "Right"],
            result.Modalities.SelectMany(modality => Heading(modality, several, 3).Concat(modality.Perception.Select(p =>
                (IReadOnlyList<string>)[$"{p.Method}: {p.Question}", p.Trained ? "yes" : "no", string.Create(CultureInfo.InvariantCulture, $"{p.Right}/{p.Asked}")]))),
            2);
        Screen.Table(
            ["Stage", "Seconds"],
            result.Modalities.SelectMany(modality => Heading(modality, several, 2).Concat(modality.Stages.Select(each =>
                (IReadOnlyList<string>)[each.Name, each.Seconds.ToString("F1", CultureInfo.InvariantCulture)]))).Append(["all", result.Seconds.ToString("F1", CultureInfo.InvariantCulture)]),
            1);
        foreach (ModalityResult modality in result.Modalities)
        {
            foreach ((SyntheticRecipe made, SynthesisReport synthesis) in modality.Synthesis.Where(each => each.Report.Optimised > 0))
            {
                Screen.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{modality.Name}, {made.Name}: {synthesis.Optimised / synthesis.Seconds:F1} embeddings per second, {synthesis.Plan.Slots} slots, {100 * synthesis.Occupancy:F0}% occupied"));
            }
        }

        Screen.Line($"report: {report}");
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(ModalityResult modality, IReadOnlyList<ResultRow> rows, IReadOnlyList<ResultColumn> columns, bool several) =>
        Heading(modality, several, columns.Count + 1).Concat(rows.Select(row => (IReadOnlyList<string>)[row.Method, .. columns.Select(column => Cell(column.Cell(row)))]));

    // Where there are several modalities, the name of each stands above its lines.
    private static IEnumerable<IReadOnlyList<string>> Heading(ModalityResult modality, bool several, int columns) =>
        several ? [[$"[{modality.Name}]", .. Enumerable.Repeat("", columns - 1)]] : [];

    private static string Cell(ResultCell? cell) => cell is null ? "" :
        cell.Seeds.Values.Count < 2 ? cell.Mean.ToString("F2", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{cell.Mean:F2}\n{cell.Seeds.Low:F2}–{cell.Seeds.High:F2}");

    private static double Rate(PairedComparison test, bool first) =>
        test.Pairs.Total == 0 ? double.NaN : (test.Pairs.Both + (first ? test.Pairs.OnlyFirst : test.Pairs.OnlySecond)) / (double)test.Pairs.Total;

    // Media and seeds repeat phrases, so the test that exchanges whole phrases is the one to read.
    private static string Probability(PairedComparison test)
    {
        double p = test.ClusterTest?.PValue ?? test.Test.PValue;
        return p < 0.001 ? "< 0.001" : p.ToString("F3", CultureInfo.InvariantCulture);
    }
}
