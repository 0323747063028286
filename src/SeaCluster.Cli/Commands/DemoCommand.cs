using System.CommandLine;
using System.Globalization;
using SeaCluster.Cli.Frame;
using SeaCluster.Demo.Experiment;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Reporting;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea demo</c>: the whole method on the small world.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        Option<string> folder = new("--out") { Description = "Folder for pictures, embeddings, answers and report.html", HelpName = "DIR", DefaultValueFactory = _ => Path.Combine("runs", "demo") };
        Option<bool> quick = new("--quick") { Description = "One seed instead of three" };
        Option<int?> seeds = SharedOptions.AtLeast(new Option<int?>("--seeds") { Description = "How many seeds every trained arm gets", HelpName = "N" }, 1);
        Option<string> modality = new("--modality") { Description = "Modality to run; image is the one there is", HelpName = "NAME", DefaultValueFactory = _ => "image" };
        modality.AcceptOnlyFromAmong("image");
        Option<bool> reveal = new("--reveal") { Description = "Write answers to harmful requests out in the report" };
        Option<bool> json = SharedOptions.Json();
        Option<bool> trainBase = new("--train-base") { Description = "Train the base model of the demo anew instead: a quarter of an hour on one core" };
        Option<string?> baseFolder = new("--base") { Description = "Base checkpoint to use, or with --train-base to write; samples/demo/base-image if not given", HelpName = "DIR" };
        Option<int> baseSeed = SharedOptions.AtLeast(new Option<int>("--base-seed") { Description = "Seed of --train-base", HelpName = "N", DefaultValueFactory = _ => 1 }, 0);
        Option<bool> samples = new("--write-samples") { Description = "Write the rows, cases and pictures of samples/demo anew", Hidden = true };
        return new SeaCommand(
            "demo",
            "Run the whole method on the small world: text rows, synthetic image embeddings, alignment, attack success beside its baselines.",
            "demo", "demo --quick --out /tmp/demo", "demo --json")
            .With(folder, quick, seeds, modality, reveal, trainBase, baseFolder, baseSeed, json, samples)
            .Does((parsed, cancel) => Task.Run(() =>
            {
                if (parsed.GetValue(samples))
                {
                    DemoSamples.Write(Path.Combine(Checkout.Root, "samples", "demo"));
                    return ExitCode.Done;
                }

                string checkpoint = parsed.GetValue(baseFolder) ?? Path.Combine(Checkout.Root, "samples", "demo", "base-image");
                if (parsed.GetValue(trainBase))
                {
                    return BaseTrainingRun.Run(checkpoint, (ulong)parsed.GetValue(baseSeed), parsed.GetValue(json), cancel);
                }

                DemoOptions options = new()
                {
                    Out = parsed.GetValue(folder)!,
                    Base = checkpoint,
                    Templates = Path.Combine(Checkout.Root, "samples", "demo", "preparation.json"),
                    Seeds = [.. Enumerable.Range(0, parsed.GetValue(seeds) ?? (parsed.GetValue(quick) ? 1 : 3))],
                };
                DemoResult result = Run(options, cancel);
                string report = Path.GetFullPath(Path.Combine(options.Out, "report.html"));
                HtmlReport.Write(report, DemoReport.Of(result, options), new ReportOptions(RevealAnswers: parsed.GetValue(reveal)));
                ReportVerdict verdict = DemoReport.Verdict(result, options);
                if (parsed.GetValue(json))
                {
                    Console.Out.WriteLine(result.Table.ToJson(TimeSpan.FromSeconds(result.Seconds)).ToJsonString());
                }
                else
                {
                    Show(result, options, report);
                }

                Screen.Say(verdict.Text);
                return verdict.Passed ? ExitCode.Done : ExitCode.Failed;
            }));
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
        Screen.Table(
            ["Method", .. columns.Select(column => column.Title)],
            result.Table.Rows.Select(row => (IReadOnlyList<string>)[row.Method, .. columns.Select(column => Cell(column.Cell(row)))]),
            [.. Enumerable.Range(1, columns.Count)]);
        Screen.Line($"Mean over {options.Seeds.Count} seed(s), the range below it; n and intervals stand in the report.");
        Screen.Line();
        Screen.Table(
            ["Paired test, same cases", "Attack success / answered", "p"],
            DemoReport.Comparisons(result).Select(test => (IReadOnlyList<string>)
            [
                $"{test.First} → {test.Second}, {(test.Kind == CaseKind.Harmful ? "held-out attacks" : "benign requests")}",
                string.Create(CultureInfo.InvariantCulture, $"{Rate(test, first: true):F2} → {Rate(test, first: false):F2}"),
                Probability(test),
            ]),
            1, 2);
        Screen.Table(
            ["Perceived by the base in the embeddings", "Trained on", "Share"],
            result.Perception.Select(p => (IReadOnlyList<string>)[p.Question, p.Trained ? "yes" : "no", string.Create(CultureInfo.InvariantCulture, $"{p.Right}/{p.Asked}")]),
            2);
        Screen.Table(
            ["Stage", "Seconds"],
            result.Stages.Select(each => (IReadOnlyList<string>)[each.Name, each.Seconds.ToString("F1", CultureInfo.InvariantCulture)]).Append(["all", result.Seconds.ToString("F1", CultureInfo.InvariantCulture)]),
            1);
        if (result.Synthesis.Optimised > 0)
        {
            Screen.Line(string.Create(CultureInfo.InvariantCulture, $"{result.Synthesis.Optimised / result.Synthesis.Seconds:F1} embeddings per second, {result.Synthesis.Plan.Slots} slots, {result.Synthesis.Occupancy:P0} occupied"));
        }

        Screen.Line($"report: {report}");
    }

    private static string Cell(ResultCell? cell) => cell is null ? "" :
        cell.Seeds.Values.Count < 2 ? cell.Mean.ToString("F2", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{cell.Mean:F2}\n{cell.Seeds.Low:F2}–{cell.Seeds.High:F2}");

    private static double Rate(PairedComparison test, bool first) =>
        test.Pairs.Total == 0 ? double.NaN : (test.Pairs.Both + (first ? test.Pairs.OnlyFirst : test.Pairs.OnlySecond)) / (double)test.Pairs.Total;

    // Pictures and seeds repeat phrases, so the test that exchanges whole phrases is the one to read.
    private static string Probability(PairedComparison test)
    {
        double p = test.ClusterTest?.PValue ?? test.Test.PValue;
        return p < 0.001 ? "< 0.001" : p.ToString("F3", CultureInfo.InvariantCulture);
    }
}
