using System.Runtime.CompilerServices;
using System.Text.Json;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Models.Configuration;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Stages;

/// <summary>Prepared rows to encoder outputs: every row a sample in the ledger, optimised on this machine's lane.</summary>
public static class SynthesizeStage
{
    /// <summary>The stage.</summary>
    /// <param name="elsewhere">Has the samples worked off by others; null: on this machine, or by workers as the spec says.</param>
    public static IStage Create(Func<RunContext, CancellationToken, Task>? elsewhere = null) =>
        new SampleStage(StageName.Synthesize, Samples, Processor, context => NotNeeded(context.Spec), new EmbeddingResults(), elsewhere);

    /// <summary>Why a spec has no use for synthetic encoder outputs, or null: the baselines on text, blank or real media need none.</summary>
    public static string? NotNeeded(RunSpec spec)
    {
        (MixOptions mix, DataOptions data) = (spec.Align.Mix, spec.Data);
        return spec.Align.Method == AlignmentMethod.Eraser && data.Eraser is not null ? "data.eraser has the alignment's rows: no synthetic encoder output is used"
            : spec.Align.Media != AlignmentMedia.Synthetic ? $"align.media is {spec.Align.Media.ToString().ToLowerInvariant()}: no synthetic encoder output is used"
            : mix.HarmfulMedia + mix.BenignMediaRows(data.Benign is not null, data.BenignMedia is not null).Synthetic + mix.Retention == 0 ? "align.mix has no rows on synthetic encoder outputs"
            : null;
    }

    /// <summary>The method's options for a spec.</summary>
    public static SynthesisOptions OptionsOf(RunSpec spec)
    {
        SynthesizeOptions s = spec.Synthesize;
        return new SynthesisOptions
        {
            LearningRate = s.LearningRate,
            Steps = s.Steps,
            Threshold = s.Threshold,
            Checks = s.Checks,
            Modality = s.Modality,
            Slots = s.Slots ?? 0,
            Seed = s.Seed ?? Seeds.Derive(spec.Seed, "synthesize"),
            Deterministic = s.Deterministic,
            RerunUnperceived = s.RerunFailed,
            Init = s.Init switch { EmbeddingStart.Noise => EmbeddingInit.Noise, EmbeddingStart.Random => EmbeddingInit.Random, EmbeddingStart.Real => EmbeddingInit.Real, _ => EmbeddingInit.Blank },
            InitMedia = StartMediaOf(spec) is { } media ? StartMedia.Read(media, s.Modality ?? ModelConfig.Read(spec.Model.Path).Modalities[0]) : null,
            Noise = s.Noise,
            Pairs = PairsOf(s.Pairs),
            Reduction = s.Reduction == LossReduction.SequenceSum ? TokenReduction.Sum : TokenReduction.Mean,
        };
    }

    /// <summary>The harmless media that samples start from, those of the alignment unless others are named; null where the start is not real.</summary>
    public static string? StartMediaOf(RunSpec spec) => spec.Synthesize.Init == EmbeddingStart.Real ? spec.Synthesize.InitMedia ?? spec.Data.BenignMedia : null;

    private static AuxiliaryPairs PairsOf(IReadOnlyList<AuxiliaryPair> pairs) => pairs.Aggregate(AuxiliaryPairs.None, (all, pair) => all | pair switch
    {
        AuxiliaryPair.Content => AuxiliaryPairs.Content,
        AuxiliaryPair.Style => AuxiliaryPairs.Style,
        AuxiliaryPair.Topic => AuxiliaryPairs.Topic,
        _ => throw new ArgumentOutOfRangeException(nameof(pairs), pair, null),
    });

    internal static async IAsyncEnumerable<NewSample> Samples(RunContext context, [EnumeratorCancellation] CancellationToken cancel)
    {
        int group = 0;
        if (context.Spec.Synthesize.Deterministic)
        {
            group = await FixedBatches.SizeAsync(context.Ledger, context.Run, StageName.Synthesize.Text(), cancel) ?? PlannedSlots(context);
        }

        int index = 0;
        foreach (SampleInput sample in PreparedFiles.Samples(context))
        {
            cancel.ThrowIfCancellationRequested();
            yield return new NewSample(sample.Id, JsonSerializer.Serialize(sample), group == 0 ? null : index++ / group);
        }
    }

    private static int PlannedSlots(RunContext context)
    {
        using IMultimodalModel model = StageModel.Open(context.Spec);
        return Plan(model, context).SlotsPerStream;
    }

    private static Task<ISampleProcessor> Processor(RunContext context, CancellationToken cancel) => Task.Run<ISampleProcessor>(
        () =>
        {
            IMultimodalModel model = StageModel.Open(context.Spec);
            SynthesisOptions options = OptionsOf(context.Spec);
            return new LaneProcessor(model, options, Plan(model, context), new SampleReader(model, options));
        },
        cancel);

    private static LanePlan Plan(IMultimodalModel model, RunContext context)
    {
        SynthesisOptions options = OptionsOf(context.Spec);
        SampleInput[] samples = [.. PreparedFiles.Samples(context)];
        using Lane lane = new(model, options);
        return lane.Plan(FirstOf(samples, options), samples.Length);
    }

    // A row without any of the pairs is set aside when its turn comes; it is no reason to plan nothing.
    private static SynthesisSample FirstOf(SampleInput[] samples, SynthesisOptions options)
    {
        SeaException? first = null;
        foreach (SampleInput sample in samples)
        {
            try
            {
                return SynthesisJob.SampleOf(sample.Row, options);
            }
            catch (SeaException error)
            {
                first ??= error;
            }
        }

        throw first ?? new SeaException("there is no prepared row to synthesise from");
    }
}
