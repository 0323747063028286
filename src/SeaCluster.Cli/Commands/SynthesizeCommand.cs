using System.CommandLine;
using System.Globalization;
using SeaCluster.Cli.Frame;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Preparation.Offline;
using SeaCluster.Method.Preparation.Rows;
using SeaCluster.Method.Preparation.Templates;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Runs.Planning;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea synthesize</c>: rows to synthetic encoder outputs, with one model on this machine.</summary>
internal static class SynthesizeCommand
{
    public static Command Create()
    {
        ModelOptions model = new();
        SynthesisOptions standard = new();
        Option<string> data = SharedOptions.Data("Rows from 'sea prepare', or plain safety rows, which are then prepared offline");
        Option<string> folder = SharedOptions.Out("Folder for one .safetensors file a row");
        Option<string?> templates = SharedOptions.File(new Option<string?>("--templates") { Description = "Wording for the offline preparer in place of the built-in one", HelpName = "FILE" });
        Option<int> steps = SharedOptions.AtLeast(new Option<int>("--steps") { Description = "Most Adam steps of a row", HelpName = "N", DefaultValueFactory = _ => standard.Steps }, 1);
        Option<double?> rate = new("--learning-rate") { Description = "Step size of Adam; default: a tenth of the standard deviation of the blank medium's encoder output", HelpName = "X" };
        Option<double> threshold = SharedOptions.AtLeast(new Option<double>("--threshold") { Description = "A row is finished at this loss; 0 never stops early", HelpName = "X", DefaultValueFactory = _ => 0.02 }, 0);
        Option<int> checks = SharedOptions.AtLeast(new Option<int>("--checks") { Description = "... held for so many steps in a row", HelpName = "N", DefaultValueFactory = _ => standard.Checks }, 1);
        Option<string?> modality = SharedOptions.Modality("What to synthesise");
        Option<string> init = new("--init") { Description = "Where a row starts: blank (the blank medium), noise (the same, with noise), random (noise alone), real (a harmless medium)", HelpName = "START", DefaultValueFactory = _ => "blank" };
        init.AcceptOnlyFromAmong("blank", "noise", "random", "real");
        Option<double?> noise = SharedOptions.AtLeast(new Option<double?>("--noise") { Description = "With --init noise: its standard deviation, in units of the blank output's own", HelpName = "X" }, 0);
        Option<string?> initMedia = SharedOptions.Existing(new Option<string?>("--init-media") { Description = "With --init real: folder of harmless media, or a file with a path a line; each row draws one by the seed and has its tokens", HelpName = "PATH" });
        Option<string[]> pairs = new("--pairs") { Description = "What a row is optimised on: content, style (the paper's two), topic (its category); separated by commas", HelpName = "NAMES", DefaultValueFactory = _ => ["content,style"], AllowMultipleArgumentsPerToken = true };
        Option<int> slots = SharedOptions.AtLeast(new Option<int>("--slots") { Description = "Rows optimised side by side; 0 lets the plan choose", HelpName = "N" }, 0);
        Option<long> seed = SharedOptions.Seed();
        Option<bool> deterministic = new("--deterministic") { Description = "Fix batches by the plan: killed and resumed equals undisturbed, byte for byte" };
        Option<bool> dryRun = new("--dry-run") { Description = "Print the plan, with a time from a short measured probe, and stop" };
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand(
            "synthesize",
            "Optimise a synthetic encoder output for every row, through the frozen model. What is on the disk is not done again.",
            "synthesize --model llava --data prepared.jsonl --out embeddings", "synthesize --model llava --data rows.jsonl --out embeddings --dry-run",
            "synthesize --model llava --data p --out e --init real --init-media photos", "synthesize --model llava --data p --out e --pairs content,style,topic")
        {
            Resumable = true,
        }
            .With([.. model.Symbols, data, folder, modality, templates, pairs, init, noise, initMedia, steps, rate, threshold, checks, slots, seed, deterministic, dryRun, json])
            .Does((parsed, cancel) => Task.Run(() =>
            {
                EmbeddingInit start = Enum.Parse<EmbeddingInit>(parsed.GetValue(init)!, ignoreCase: true);
                Require(start == EmbeddingInit.Noise, parsed.GetValue(noise) > 0, parsed.GetValue(noise) is not null, "--noise", "--init noise");
                Require(start == EmbeddingInit.Real, parsed.GetValue(initMedia) is not null, parsed.GetValue(initMedia) is not null, "--init-media", "--init real");
                using IMultimodalModel loaded = model.Load(parsed);
                Modality synthesised = parsed.GetValue(modality) is { } name ? ModalityNames.Parse(name) : loaded.Config.Modalities[0];
                SynthesisOptions options = new()
                {
                    Modality = synthesised,
                    Init = start,
                    InitMedia = parsed.GetValue(initMedia) is { } media ? StartMedia.Read(media, synthesised) : null,
                    Noise = parsed.GetValue(noise) ?? 0,
                    Pairs = PairsOf(parsed.GetValue(pairs)!),
                    Steps = parsed.GetValue(steps),
                    LearningRate = parsed.GetValue(rate),
                    Threshold = parsed.GetValue(threshold),
                    Checks = parsed.GetValue(checks),
                    Slots = parsed.GetValue(slots),
                    Seed = parsed.GetValue(seed),
                    Deterministic = parsed.GetValue(deterministic),
                };
                SynthesisSample[] samples = [.. Rows(parsed.GetValue(data)!, parsed.GetValue(templates), synthesised, (int)options.Seed).Select(row => SynthesisJob.SampleOf(row, options))];
                SynthesisForecast forecast = SynthesisForecast.Measure(loaded, samples, options, cancel);
                double asking = PerceptionProbe.Measure(loaded, samples, forecast, options, cancel);
                if (parsed.GetValue(dryRun))
                {
                    Show(forecast, asking, parsed.GetValue(json));
                    return ExitCode.Done;
                }

                using ProgressLine line = new("synthesize", "embeddings");
                SynthesisReport report = SynthesisJob.Run(loaded, samples, options, parsed.GetValue(folder)!, progress =>
                    line.Report(progress.Finished, progress.Total, $"{progress.Busy}/{progress.Slots} slots"), cancel);
                line.Dispose();
                Show(report, forecast.Seconds + asking, parsed.GetValue(json));
                return ExitCode.Done;
            }));
    }

    private static AuxiliaryPairs PairsOf(string[] given) => given.SelectMany(names => names.Split(',', StringSplitOptions.TrimEntries)).Aggregate(AuxiliaryPairs.None, (all, name) => all | name switch
    {
        "content" => AuxiliaryPairs.Content,
        "style" => AuxiliaryPairs.Style,
        "topic" => AuxiliaryPairs.Topic,
        _ => throw new SeaException($"--pairs: expected content, style, topic, or some of them with commas between, found '{name}'.") { WrongUse = true },
    });

    private static void Require(bool asked, bool enough, bool given, string option, string with)
    {
        if (asked != given || (asked && !enough))
        {
            throw new SeaException(asked ? $"{with} needs {option}{(given ? " above 0" : "")}." : $"{option} is read only with {with}.") { WrongUse = true };
        }
    }

    // A prepared row says which instruction it was made from; a plain one has only that.
    private static IReadOnlyList<PreparedRow> Rows(string path, string? templates, Modality modality, int seed)
    {
        string first = File.ReadLines(path).FirstOrDefault(line => !string.IsNullOrWhiteSpace(line)) ?? throw new SeaException($"{path}: the file is empty.");
        if (first.Contains("\"detoxified_instruction\"", StringComparison.Ordinal))
        {
            return [.. PreparedRowFile.Read(path)];
        }

        OfflinePreparer preparer = new(new RowComposer(TemplateFile.Load(templates), modality.Name(), seed));
        List<PreparedRow> rows = [];
        int refused = 0;
        foreach (RowRead read in RowReader.Read(path))
        {
            PreparationOutcome? outcome = read.Row is { } row ? preparer.PrepareAsync(row).GetAwaiter().GetResult() : null;
            if (outcome?.Row is { } prepared)
            {
                rows.Add(prepared);
            }
            else
            {
                refused++;
                Screen.Say($"{read.Problem?.Source ?? read.Row!.Source}: {read.Problem?.Reason ?? outcome!.Reason}");
            }
        }

        Screen.Say($"{rows.Count} rows prepared offline, {refused} refused; 'sea prepare' keeps both in files");
        return rows.Count > 0 ? rows : throw new SeaException($"{path}: no row could be prepared.");
    }

    private static void Show(SynthesisForecast forecast, double asking, bool json)
    {
        LanePlan plan = forecast.Plan;
        if (json)
        {
            Screen.Json(new { samples = forecast.Samples, slots = plan.Slots, tokens_per_sample = plan.TokensPerSample, steps = plan.Steps, device_bytes = plan.DeviceBytes, disk_bytes = forecast.DiskBytes, seconds_per_step = forecast.SecondsPerStep, perception_seconds = asking, seconds = forecast.Seconds + asking });
            return;
        }

        Screen.Table(["Plan", ""], new (string, string)[]
        {
            ("samples", PlanText.Count(forecast.Samples)), ("slots", PlanText.Count(plan.Slots)), ("tokens of a sample", PlanText.Count(plan.TokensPerSample)), ("most steps", PlanText.Count(plan.Steps)),
            ("on the device", PlanText.Bytes(plan.DeviceBytes)), ("on the disk", PlanText.Bytes(forecast.DiskBytes)),
            ("a step of all slots", string.Create(CultureInfo.InvariantCulture, $"{forecast.SecondsPerStep * 1000:F0} ms, measured")),
            ("asking what is perceived", string.Create(CultureInfo.InvariantCulture, $"{asking:F1} s, from one batch")),
            ("all samples, at most", TimeSpan.FromSeconds(Math.Ceiling(forecast.Seconds + asking)).ToString("c", CultureInfo.InvariantCulture)),
        }.Select(row => (IReadOnlyList<string>)[row.Item1, row.Item2]), 1);
    }

    private static void Show(SynthesisReport report, double predicted, bool json)
    {
        double perSecond = report.Optimised / Math.Max(report.Seconds, 1e-9);
        if (json)
        {
            Screen.Json(new { total = report.Total, optimised = report.Optimised, kept = report.Kept, perceived = report.Perceived, asked = report.Asked, mean_loss = report.MeanLoss, seconds = report.Seconds, predicted_seconds = predicted, embeddings_per_second = perSecond, occupancy = report.Occupancy, slots = report.Plan.Slots });
            return;
        }

        Screen.Table(["Synthesis", ""], new (string, string)[]
        {
            ("embeddings", $"{report.Total}, {report.Optimised} now, {report.Kept} from before"), ("perceived", report.Asked == 0 ? "not asked" : $"{report.Perceived} of {report.Asked}"),
            ("mean final loss", report.MeanLoss.ToString("F4", CultureInfo.InvariantCulture)),
            ("time", string.Create(CultureInfo.InvariantCulture, $"{report.Seconds:F1} s; predicted {predicted:F1} s")),
            ("rate", string.Create(CultureInfo.InvariantCulture, $"{perSecond:F2} embeddings/s, {report.Plan.Slots} slots, {report.Occupancy:P0} occupied")),
        }.Select(row => (IReadOnlyList<string>)[row.Item1, row.Item2]), 1);
    }
}
