using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Method.Endpoints;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Benchmarks;
using SeaCluster.Method.Evaluation.Judges;
using SeaCluster.Method.Evaluation.Reporting;
using SeaCluster.Method.Evaluation.Statistics;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea evaluate</c>: a model on cases of one's own or a published benchmark, judged offline or by a model.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        ModelOptions model = new();
        Option<string?> adapter = SharedOptions.Adapter();
        CaseOptions data = new();
        Option<string> file = SharedOptions.Out("Result file, one JSON line a case; an existing one is gone on with");
        Option<string?> against = SharedOptions.File(new Option<string?>("--against") { Description = "Result file of another model or adapter on the same cases: compare with it by paired tests", HelpName = "FILE" });
        Option<string?> text = SharedOptions.File(new Option<string?>("--text") { Description = "Also measure the perplexity of held-back harmless rows ('prompt' and 'response'), kept beside --out as NAME.text.jsonl", HelpName = "FILE" });
        Option<int> tokens = SharedOptions.AtLeast(new Option<int>("--max-new-tokens") { Description = "Most tokens of an answer", HelpName = "N", DefaultValueFactory = _ => 256 }, 1);
        Option<int> batch = SharedOptions.AtLeast(new Option<int>("--batch") { Description = "Cases answered at once", HelpName = "N", DefaultValueFactory = _ => 32 }, 1);
        JudgeOptions judge = new("judge", "Judge of harmful cases"), second = new("second-judge", "A second judge, for agreement");
        Option<string?> labels = SharedOptions.File(new Option<string?>("--judge-labels") { Description = "Answers whose label is known (rows with answer and label: safe or unsafe): measure the judge's own error on them, and give attack success corrected for it as well", HelpName = "FILE" });
        Option<string?> cache = new("--judge-cache") { Description = "Folder that keeps the judges' replies, so that none is paid for twice; default: judge-cache beside --out", HelpName = "DIR" };
        Option<string?> report = new("--report") { Description = "Write an HTML report as well", HelpName = "FILE" };
        Option<bool> reveal = new("--reveal") { Description = "Write answers to harmful requests out in the report; without it they are not in the file at all" };
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand(
            "evaluate",
            "Put cases to a model and judge its answers, by refusal phrases or by a judge model: attack success on harmful cases, beside the share of harmless ones that it answers, with 95% intervals.",
            "evaluate --model llava --data cases.jsonl --out base.jsonl", "evaluate --model llava --adapter DIR --data cases.jsonl \\\n    --out aligned.jsonl --against base.jsonl",
            "evaluate --model qwen2-vl --benchmark va-safetybench --data VA \\\n    --task TYPO --out va.jsonl",
            "evaluate --model llava --data cases.jsonl --out base.jsonl \\\n    --judge http://localhost:8000/v1 --judge-model NAME --report base.html")
        {
            Resumable = true,
        }
            .With([.. model.Symbols, adapter, .. data.Symbols, file, against, text, tokens, batch, .. judge.Symbols, .. second.Symbols, labels, cache, report, reveal, json])
            .Does((parsed, cancel) => Task.Run(async () =>
            {
                (IReadOnlyList<EvaluationCase> all, BenchmarkSet? benchmark) = data.Read(parsed);
                IReadOnlyList<LabelledAnswer> labelled = parsed.GetValue(labels) is { } known ? JudgeCalibration.Read(known) : [];
                string path = parsed.GetValue(file)!, beside = Path.GetDirectoryName(Path.GetFullPath(path))!, replies = parsed.GetValue(cache) ?? Path.Combine(beside, "judge-cache");
                (IJudge safety, ChatEndpoint? connection) = judge.Create(parsed, replies);
                using ChatEndpoint? owned = connection;
                (IJudge Judge, ChatEndpoint? Endpoint)? other = second.Given(parsed) ? second.Create(parsed, replies) : null;
                using ChatEndpoint? alsoOwned = other?.Endpoint;

                using IMultimodalModel loaded = model.Load(parsed);
                IReadOnlyList<EvaluationCase> cases = data.For(parsed, loaded, all, benchmark);
                using LoraAdapter? attached = parsed.GetValue(adapter) is { } folder ? PeftAdapter.Load(loaded.LanguageModel, folder) : null;
                string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(loaded.Folder)) + (parsed.GetValue(adapter) is { } used ? $" + {Path.GetFileName(Path.TrimEndingDirectorySeparator(used))}" : "");
                Directory.CreateDirectory(beside);
                EvaluationSummary summary;
                using (ProgressLine line = new("evaluate", "cases"))
                {
                    EvaluationRunner runner = new(new ModelAnswerer(loaded, name, parsed.GetValue(tokens)), safety, RefusalJudge.Standard, new EvaluationOptions(parsed.GetValue(batch)));
                    summary = await runner.RunAsync(path, cases, new Forward(line), cancel);
                }

                IReadOnlyList<TextScore>? texts = parsed.GetValue(text) is { } held ? TextScores.Of(loaded, held) : null;
                if (texts is not null)
                {
                    TextScores.Write(TextScores.PathBeside(path), texts);
                }

                IReadOnlyList<CaseResult> results = ResultFile.Read(path);
                JudgeError? error = labelled.Count > 0 ? await JudgeCalibration.MeasureAsync(safety, labelled, cancel) : null;
                EvaluationOutcome outcome = new(summary, parsed.GetValue(against) is { } earlier ? Compare(earlier, path) : [])
                {
                    Texts = texts,
                    TextsAgainst = texts is not null && parsed.GetValue(against) is { } compared && File.Exists(TextScores.PathBeside(compared))
                        ? TextComparison.Of(TextScores.Read(TextScores.PathBeside(compared)), texts) : null,
                    Benchmark = benchmark,
                    JudgeError = error,
                    Score = benchmark is not null || error is not null || results.Any(result => result.Score is not null) ? BenchmarkScore.Of(benchmark?.Benchmark.Title ?? summary.Name, results, error) : null,
                    Agreement = other is { } another ? await AgreeAsync(path, results, another.Judge, cancel) : null,
                };
                if (parsed.GetValue(report) is { } page)
                {
                    HtmlReport.Write(page, outcome.Report(results), new ReportOptions(RevealAnswers: parsed.GetValue(reveal)));
                }

                outcome.Show(parsed.GetValue(json));
                return benchmark?.Problems.Count > 0 ? ExitCode.PartlyDone : ExitCode.Done;
            }));
    }

    private static PairedComparison[] Compare(string first, string second)
    {
        (IReadOnlyList<CaseResult> a, IReadOnlyList<CaseResult> b) = (ResultFile.Read(first), ResultFile.Read(second));
        return [.. new[] { CaseKind.Harmful, CaseKind.Benign, CaseKind.Borderline, CaseKind.Content }.Where(kind => a.Any(result => result.Kind == kind))
            .Select(kind => PairedComparison.Of(Path.GetFileNameWithoutExtension(first), a, Path.GetFileNameWithoutExtension(second), b, kind))];
    }

    // The second judge's verdicts stay beside the first's, for whoever looks into the disagreements.
    private static async Task<JudgeAgreement> AgreeAsync(string path, IReadOnlyList<CaseResult> results, IJudge second, CancellationToken cancel)
    {
        (JudgeAgreement agreement, IReadOnlyList<CaseResult> judged) = await JudgeAgreement.MeasureAsync(results, second, cancel);
        ResultFile.Write($"{Path.ChangeExtension(path, null)}.second-judge.jsonl", judged);
        return agreement;
    }

    private sealed class Forward(ProgressLine line) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => line.Report(value.Judged, value.Total);
    }
}
