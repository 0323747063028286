using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Preparation.Offline;
using SeaCluster.Method.Preparation.Rows;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Models.Configuration;
using SeaCluster.Models.Generation;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Stages;
using SeaCluster.Torch;
using static TorchSharp.torch;

namespace SeaCluster.Runs.Planning;

/// <summary>Plans a whole run: counts its rows and cases, and measures a few steps of every stage on the first of them.</summary>
public static class RunPlanner
{
    // Enough rows to fill the largest lane.
    private const int ProbeRows = 256;
    private const int ProbeTokens = 4;

    /// <summary>Measures a plan on a thread of its own; writes nothing.</summary>
    /// <param name="spec">Checked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Stops the probe.</param>
    /// <param name="taken">Stages that take their results over from another run, by its name; null: none.</param>
    /// <exception cref="SeaException">The model or a data file cannot be read, or no row can be prepared.</exception>
    public static Task<RunPlan> MeasureAsync(RunSpec spec, TimeProvider time, CancellationToken cancel, IReadOnlyDictionary<StageName, string>? taken = null) => Task.Factory.StartNew(
        () => Measure(spec, time, taken ?? new Dictionary<StageName, string>(), cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static RunPlan Measure(RunSpec spec, TimeProvider time, IReadOnlyDictionary<StageName, string> taken, CancellationToken cancel)
    {
        TorchRuntime.PinCurrentThread(Environment.ProcessorCount);
        (StagePlan prepare, List<AlignmentSample> rows, long samples) = Prepare(spec, time, cancel);
        using IMultimodalModel model = StageModel.Open(spec);
        // Training in full changes the model: it comes last.
        StagePlan synthesize = TakenOver(StageName.Synthesize, "embeddings") ?? Synthesize(spec, model, rows, samples, cancel);
        StagePlan evaluate = Evaluate(spec, model, cancel);
        StagePlan align = TakenOver(StageName.Align, "steps") ?? AlignmentProbe.Measure(spec, model, rows, samples, cancel);
        return new RunPlan(time.GetUtcNow(), [TakenOver(StageName.Prepare, "rows") ?? prepare, synthesize, align, evaluate]);

        StagePlan? TakenOver(StageName stage, string unit) =>
            taken.TryGetValue(stage, out string? from) ? new StagePlan(stage, 0, unit) { Seconds = 0, DiskBytes = 0, Note = $"taken over from '{from}'" } : null;
    }

    // The first rows are prepared offline whoever will prepare them: they stand in for what the probe needs.
    private static (StagePlan Plan, List<AlignmentSample> Rows, long Samples) Prepare(RunSpec spec, TimeProvider time, CancellationToken cancel)
    {
        string nowhere = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        IPreparer preparer = PrepareStage.PreparerOf(spec, nowhere, time);
        using IDisposable? owned = preparer as IDisposable;
        OfflinePreparer offline = new(PrepareStage.ComposerOf(spec));
        List<AlignmentSample> rows = [];
        (long items, double kept, double seconds, double bytes, long tokens, decimal? cost) = (0, 0, 0, 0, 0, null);
        foreach (PreparationOptions options in PrepareStage.Preparations(spec, nowhere))
        {
            bool benign = options.Name.Length > 0;
            PreparationForecast forecast = PreparationRun.Forecast(options, preparer, cancel);
            Stopwatch clock = Stopwatch.StartNew();
            SafetyRow[] first = [.. RowReader.Read(options.Inputs[0]).Select(read => read.Row).OfType<SafetyRow>().Take(ProbeRows)];
            PreparedRow[] made = [.. first.Where(row => !benign || row.Response is not null).Select(row => offline.PrepareAsync(row, cancel).GetAwaiter().GetResult().Row).OfType<PreparedRow>()];
            double share = first.Length == 0 ? 0 : (double)forecast.Rows / first.Length;
            seconds += clock.Elapsed.TotalSeconds * share;
            bytes += made.Sum(row => JsonSerializer.SerializeToUtf8Bytes(row).Length) * share;
            kept += made.Length * Math.Max(share, 0);
            items += forecast.Rows;
            tokens += forecast.PromptTokens + forecast.CompletionTokens;
            cost = forecast.Cost is { } price ? (cost ?? 0) + price : cost;
            rows.AddRange(PreparedFiles.Samples(made.Select(row => (row, benign)), 1).Select(sample => new AlignmentSample(sample.Id, sample.Row, benign, null, null)));
        }

        if (rows.Count == 0)
        {
            throw new SeaException($"{spec.Data.Path}: none of the first rows can be prepared.", "'sea prepare' on the file says why, row by row.");
        }

        bool service = spec.Prepare.Preparer == Preparer.Llm;
        StagePlan plan = new(StageName.Prepare, items, "rows")
        {
            DiskBytes = (long)bytes,
            Seconds = service ? null : seconds,
            Note = !service ? null : string.Create(
                CultureInfo.InvariantCulture, $"about {tokens:N0} tokens of {spec.Prepare.Llm.Model}{(cost is { } sum ? $", {sum:0.00} US dollars" : "")}; the time is the service's"),
        };
        return (plan, rows, (long)Math.Round(kept) * spec.Synthesize.PerRow);
    }

    private static StagePlan Synthesize(RunSpec spec, IMultimodalModel model, List<AlignmentSample> rows, long samples, CancellationToken cancel)
    {
        if (SynthesizeStage.NotNeeded(spec) is { } reason)
        {
            return new StagePlan(StageName.Synthesize, 0, "embeddings") { Seconds = 0, DiskBytes = 0, Note = reason };
        }

        SynthesisOptions options = SynthesizeStage.OptionsOf(spec);
        SynthesisSample[] first = [.. rows.Select(row => SynthesisJob.SampleOf(row.Row, options) with { Id = row.Id })];
        SynthesisForecast forecast = SynthesisForecast.Measure(model, first, options, cancel) with { Samples = (int)Math.Min(samples, int.MaxValue) };
        return new StagePlan(StageName.Synthesize, forecast.Samples, "embeddings")
        {
            Slots = forecast.Plan.Slots,
            Steps = forecast.Plan.Steps,
            DeviceBytes = forecast.Plan.DeviceBytes,
            DiskBytes = forecast.DiskBytes,
            Seconds = forecast.Seconds + PerceptionProbe.Measure(model, first, forecast, options, cancel),
        };
    }

    private static StagePlan Evaluate(RunSpec spec, IMultimodalModel model, CancellationToken cancel)
    {
        EvaluateOptions options = spec.Evaluate;
        if (options.Cases is null)
        {
            return new StagePlan(StageName.Evaluate, 0, "answers") { Seconds = 0, DiskBytes = 0, Note = "evaluate.cases is not given" };
        }

        CaseSet set = CaseReader.Read(options.Cases);
        int batch = options.Batch ?? EvaluateStage.StandardBatch, models = options.Base ? 2 : 1, answers = set.Cases.Count * models;
        EvaluationCase[] first = [.. set.Cases.Take(batch)];
        if (first.Length == 0)
        {
            return new StagePlan(StageName.Evaluate, 0, "answers") { Seconds = 0, DiskBytes = 0, Note = $"{options.Cases} has no cases" };
        }

        int few = Math.Min(ProbeTokens, options.MaxNewTokens);
        Answer(1);
        double one = Answer(1), some = few > 1 ? Answer(few) : one;
        double token = few > 1 ? Math.Max(0, some - one) / (few - 1) : 0;
        TextConfig text = model.Config.Text;
        int width = model.DType == ScalarType.Float32 ? 4 : 2;
        int longest = first.Max(asked => model.Prompts.Encode(asked.Question).Ids.Length) + options.MaxNewTokens;
        int harmful = set.Cases.Count(asked => asked.Kind == CaseKind.Harmful) * models;
        return new StagePlan(StageName.Evaluate, answers, "answers")
        {
            Slots = first.Length,
            Steps = options.MaxNewTokens,
            DeviceBytes = (model.Config.ParameterCount * width) + (2L * first.Length * longest * text.Layers * text.KvHeads * text.HeadDim * width),
            DiskBytes = answers * (512L + (4 * options.MaxNewTokens)),
            Seconds = Math.Ceiling(set.Cases.Count / (double)batch) * models * (one + (token * (options.MaxNewTokens - 1))),
            Note = options.Judge != JudgeKind.Refusal ? string.Create(CultureInfo.InvariantCulture, $"{harmful:N0} answers for {options.Llm.Model} to judge; its time is the service's") : null,
        };

        double Answer(int tokens)
        {
            Stopwatch clock = Stopwatch.StartNew();
            new ModelAnswerer(model, "probe", new GenerationOptions { MaxNewTokens = tokens }).Answer(first, cancel);
            return clock.Elapsed.TotalSeconds;
        }
    }
}
