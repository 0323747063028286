using System.Diagnostics;
using SeaCluster.Method.Alignment;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Stages;
using static TorchSharp.torch;

namespace SeaCluster.Runs.Planning;

/// <summary>A few steps of an alignment whose embeddings are not made yet: the blank medium stands in for each.</summary>
internal static class AlignmentProbe
{
    private const int Rows = 32;
    private const int Steps = 3;

    /// <summary>Trains the model for some steps: where it is trained in full, it is of no use afterwards.</summary>
    public static StagePlan Measure(RunSpec spec, IMultimodalModel model, IReadOnlyList<AlignmentSample> rows, long samples, CancellationToken cancel)
    {
        AlignOptions align = spec.Align;
        AlignmentSample[] first = [.. rows.GroupBy(row => row.Benign).SelectMany(group => group.Take(Rows))];
        AlignmentInputs inputs = new()
        {
            Samples = first,
            Benign = spec.Data.Benign,
            BenignMedia = spec.Data.BenignMedia,
            HarmfulMedia = spec.Data.HarmfulMedia,
            Eraser = spec.Data.Eraser,
            Modality = spec.Synthesize.Modality,
            Limit = Math.Min(Rows, spec.Data.Limit ?? Rows),
            BlankStandsIn = true,
        };
        using AlignmentPool pool = AlignmentPool.Gather(model, inputs, align.Media, cancel);
        using MediaBank bank = MediaBank.Of(model, pool.Media);
        using Trainer trainer = new(model, AlignmentJob.TrainingOf(align, seed: 0));
        Stopwatch clock = Stopwatch.StartNew();
        IObjective objective = AlignmentObjective.Of(align, model, trainer.Adapter, pool, bank, seed: 0);
        double start = clock.Elapsed.TotalSeconds * Math.Max(1, samples / (double)first.Length);
        List<StepMetrics> steps = [];
        for (int i = 0; i < Steps; i++)
        {
            cancel.ThrowIfCancellationRequested();
            steps.Add(trainer.Step(objective));
        }

        int width = model.DType == ScalarType.Float32 ? 4 : 2;
        long weights = model.Config.ParameterCount * width;
        long trained = (trainer.Adapter?.Parameters ?? model.LanguageModel.Parameters).Sum(parameter => parameter.Tensor.numel());
        // Gradient and two moments of every trained weight; a master copy where weights have 16 bits.
        long optimiser = trained * (12 + (width == 2 ? 4 : 0));
        LanePlan token = LanePlan.Of(model, new SynthesisOptions(), 1, 1, 1);
        long pass = Math.Min(steps.Max(step => step.Computed.Tokens), PassLimit.Standard.Tokens) * token.SlotBytes;
        return new StagePlan(StageName.Align, align.Steps, "steps")
        {
            Slots = steps[^1].Computed.Rows,
            DeviceBytes = weights + optimiser + pass,
            DiskBytes = (trained * (12 + (width == 2 ? 4 : 0))) + (align.Adapter == AdapterKind.Full ? weights : trained * 4),
            // The first step warms up.
            Seconds = start + (align.Steps * steps.Skip(1).Min(step => step.Seconds)),
        };
    }
}
