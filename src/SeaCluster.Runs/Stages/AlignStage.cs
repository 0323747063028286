using System.Text.Json.Nodes;
using SeaCluster.Method.Alignment;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Specs;
using SeaCluster.Torch;

namespace SeaCluster.Runs.Stages;

/// <summary>Embeddings and text to an adapter, or to a fully trained checkpoint; goes on from its last checkpoint after a kill.</summary>
public sealed class AlignStage : IStage
{
    /// <inheritdoc/>
    public StageName Name => StageName.Align;

    /// <inheritdoc/>
    public Task<StageOutcome> RunAsync(RunContext context, CancellationToken stop) => Task.Factory.StartNew(
        () => Train(context, stop), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static StageOutcome Train(RunContext context, CancellationToken stop)
    {
        TorchRuntime.PinCurrentThread(Environment.ProcessorCount);
        AlignOptions align = context.Spec.Align;
        using IMultimodalModel model = StageModel.Open(context.Spec);
        using AlignmentPool pool = AlignmentPool.GatherAsync(model, context, stop).GetAwaiter().GetResult();
        using MediaBank bank = MediaBank.Of(model, pool.Media);
        long seed = align.Seed ?? Seeds.Derive(context.Spec.Seed, "align");
        using Trainer trainer = new(model, TrainingOf(align, seed));
        IObjective objective = Objective(align, model, pool, bank, seed);
        // Other embeddings are other training data: their checkpoint has another name.
        string checkpoint = Path.Combine(context.Folder.Checkpoints, $"align-{pool.Fingerprint[..16]}.safetensors"), log = context.Folder.At("align.jsonl");
        if (trainer.Resume(objective, checkpoint))
        {
            context.Report(trainer.Steps, align.Steps, "going on from a checkpoint");
        }

        double last = TrainingLog.Write(log, trainer.Steps, trainer.Run(objective, checkpoint, stop).Select(step =>
        {
            context.Report(step.Step, align.Steps, $"loss {step.Loss:F4}");
            return step;
        }));
        Export(trainer, context.Folder.Adapter);
        context.RecordAsync(context.Folder.Adapter, stop).GetAwaiter().GetResult();
        return StageOutcome.Done(new JsonObject { ["steps"] = trainer.Steps, ["loss"] = last, ["rows"] = pool.Rows.Count });
    }

    private static TrainingOptions TrainingOf(AlignOptions align, long seed) => new()
    {
        Lora = align.Adapter == AdapterKind.Full ? null : new LoraConfig { Rank = align.Rank, Alpha = align.Alpha, Targets = LoraTargets.Named([.. align.Targets]) },
        Steps = align.Steps,
        LearningRate = align.LearningRate,
        WarmUp = align.Warmup ?? align.Steps / 10,
        Floor = align.Schedule == LearningRateSchedule.Constant ? 1 : align.FinalLearningRate,
        WeightDecay = align.WeightDecay,
        MaxGradNorm = align.MaxGradNorm,
        Seed = seed,
        CheckpointEvery = align.CheckpointEvery,
    };

    private static IObjective Objective(AlignOptions align, IMultimodalModel model, AlignmentPool pool, MediaBank bank, long seed)
    {
        switch (align.Method)
        {
            case AlignmentMethod.Sft:
                RowOrder order = new([.. pool.Rows.Select(row => (row.Kind, row.Medium))], MixOf(align.Mix, pool.Rows.Select(row => row.Kind)), seed);
                return new SftObjective(model, pool.Rows, bank, order.Of);
            default:
                throw new SeaException($"align.method: '{align.Method.ToString().ToLowerInvariant()}' is not wired into runs yet; expected sft.");
        }
    }

    // A kind that the run has no rows of is left out of a default mix; the row order refuses what the spec asks for and lacks otherwise.
    private static RowMix MixOf(MixOptions mix, IEnumerable<RowKind> kinds)
    {
        HashSet<RowKind> present = [.. kinds];
        int Of(RowKind kind, int wanted, int standard) => present.Contains(kind) || wanted != standard ? wanted : 0;
        MixOptions standard = new();
        return new RowMix
        {
            HarmfulText = Of(RowKind.HarmfulText, mix.HarmfulText, standard.HarmfulText),
            BenignText = Of(RowKind.BenignText, mix.BenignText, standard.BenignText),
            HarmfulMedia = Of(RowKind.HarmfulMedia, mix.HarmfulMedia, standard.HarmfulMedia),
            BenignMedia = Of(RowKind.BenignMedia, mix.BenignMedia, standard.BenignMedia),
            Retention = Of(RowKind.Retention, mix.Retention, standard.Retention),
        };
    }

    // Exporting again after a kill starts with an empty folder; a whole one is written beside and renamed.
    private static void Export(Trainer trainer, string folder)
    {
        string fresh = folder + ".new";
        foreach (string old in new[] { fresh, folder }.Where(Directory.Exists))
        {
            Directory.Delete(old, recursive: true);
        }

        trainer.Export(fresh);
        Directory.Move(fresh, folder);
    }
}
