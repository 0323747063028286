using System.Text.Json.Nodes;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Judges;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Models.Generation;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Specs;
using SeaCluster.Torch;

namespace SeaCluster.Runs.Stages;

/// <summary>The aligned model, and beside it the base, on the spec's cases: answers, verdicts and rates.</summary>
public sealed class EvaluateStage : IStage
{
    /// <summary>Result file of the aligned model.</summary>
    public const string AlignedFile = "aligned.jsonl";

    /// <summary>A model's perplexity on held-back text, beside its result file.</summary>
    public static IReadOnlyList<TextScore>? TextOf(RunFolder folder, string file) =>
        TextScores.PathBeside(Path.Combine(folder.Evaluation, file)) is var path && File.Exists(path) ? TextScores.Read(path) : null;

    /// <summary>Answers generated at once where the spec does not say.</summary>
    public const int StandardBatch = 32;

    /// <summary>Result file of the base.</summary>
    public const string BaseFile = "base.jsonl";

    /// <inheritdoc/>
    public StageName Name => StageName.Evaluate;

    /// <inheritdoc/>
    public Task<StageOutcome> RunAsync(RunContext context, CancellationToken stop) => context.Spec.Evaluate.Cases is null
        ? Task.FromResult(StageOutcome.Skipped("the spec gives no evaluate.cases"))
        : Task.Factory.StartNew(() => Evaluate(context, stop), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static StageOutcome Evaluate(RunContext context, CancellationToken stop)
    {
        TorchRuntime.PinCurrentThread(Environment.ProcessorCount);
        CaseSet set = CaseReader.Read(context.Spec.Evaluate.Cases!);
        if (set.Problems.Count > 0)
        {
            throw new SeaException($"{set.Problems[0]}" + (set.Problems.Count > 1 ? $" (and {set.Problems.Count - 1} more)" : ""), "Mend the cases: an evaluation that leaves some out would not be the one that was asked for.");
        }

        EvaluateOptions options = context.Spec.Evaluate;
        using JudgeService? service = options.Judge != JudgeKind.Refusal ? LanguageService.Judge(options.Judge, options.Llm, context.Folder.Cache("judge"), context.Time) : null;
        IJudge judge = service?.Judge ?? RefusalJudge.Standard;
        EvaluationSummary aligned = Ask(context, StageModel.OpenAligned(context), judge, "aligned", AlignedFile, set.Cases, stop);
        EvaluationSummary? before = options.Base ? Ask(context, (StageModel.Open(context.Spec), null), judge, "base", BaseFile, set.Cases, stop) : null;
        int failures = aligned.JudgeFailures + (before?.JudgeFailures ?? 0);
        if (service is { BudgetSpent: true })
        {
            throw new SeaException(
                $"evaluate.llm.budget is spent: {failures} answers are not judged.",
                "Run again with a larger budget (--set evaluate.llm.budget=N): answers and verdicts are kept.");
        }

        JsonObject summary = new()
        {
            ["asr"] = aligned.Overall.AttackSuccess.Value,
            ["benign_compliance"] = aligned.Overall.BenignCompliance.Value,
            ["borderline_compliance"] = aligned.Overall.BorderlineCompliance.Value,
            ["base_asr"] = before?.Overall.AttackSuccess.Value,
            ["base_benign_compliance"] = before?.Overall.BenignCompliance.Value,
            ["answer_errors"] = aligned.AnswerErrors + (before?.AnswerErrors ?? 0),
            ["judge_failures"] = failures,
        };
        foreach ((string key, string file) in new[] { ("perplexity", AlignedFile), ("base_perplexity", BaseFile) })
        {
            summary[key] = TextOf(context.Folder, file) is { } scores ? TextScores.Perplexity(scores) : null;
        }

        foreach ((string key, string file) in new[] { ("mean_score", AlignedFile), ("base_mean_score", BaseFile) })
        {
            double[] scores = File.Exists(Path.Combine(context.Folder.Evaluation, file)) ? [.. ResultFile.Read(Path.Combine(context.Folder.Evaluation, file)).Select(result => result.Score).OfType<double>()] : [];
            if (scores.Length > 0)
            {
                summary[key] = scores.Average();
            }
        }

        if (service is not null)
        {
            summary["judge_cost"] = service.Cost;
        }

        return StageOutcome.Done(summary);
    }

    private static EvaluationSummary Ask(
        RunContext context, (IMultimodalModel Model, LoraAdapter? Adapter) opened, IJudge judge, string name, string file, IReadOnlyList<EvaluationCase> cases, CancellationToken stop)
    {
        EvaluateOptions options = context.Spec.Evaluate;
        using IMultimodalModel model = opened.Model;
        using LoraAdapter? adapter = opened.Adapter;
        GenerationOptions generation = new() { MaxNewTokens = options.MaxNewTokens, Temperature = options.Temperature, Seed = Seeds.Derive(context.Spec.Seed, "evaluate") };
        EvaluationRunner runner = new(
            new ModelAnswerer(model, name, generation), judge, RefusalJudge.Standard,
            new EvaluationOptions(options.Batch ?? StandardBatch, FixedBatches: context.Spec.Synthesize.Deterministic));
        string path = Path.Combine(context.Folder.Evaluation, file);
        Directory.CreateDirectory(context.Folder.Evaluation);
        EvaluationSummary summary = runner.RunAsync(
            path, cases, new Forward(context, name), stop).GetAwaiter().GetResult();
        context.RecordAsync(path, stop).GetAwaiter().GetResult();
        if (options.Text is { } held)
        {
            string beside = TextScores.PathBeside(path);
            TextScores.Write(beside, TextScores.Of(model, held));
            context.RecordAsync(beside, stop).GetAwaiter().GetResult();
        }

        return summary;
    }

    private sealed class Forward(RunContext context, string name) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => context.Report(value.Judged, value.Total, name);
    }
}
