using SeaCluster.Method.Alignment;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Runs.Stages;

/// <summary>Where an alignment writes.</summary>
/// <param name="Adapter">Folder of the adapter, or of the checkpoint after full fine-tuning; replaced as a whole.</param>
/// <param name="Checkpoints">Folder of what is needed to go on after a kill.</param>
/// <param name="Log">One line a step: loss, gradient norm, learning rate and the objective's own figures.</param>
/// <param name="Reference">Log-probabilities of the rows' answers under DPO's reference, computed once; null keeps none.</param>
public sealed record AlignmentFiles(string Adapter, string Checkpoints, string Log, string? Reference = null);

/// <summary>What an alignment came to.</summary>
/// <param name="Steps">Steps taken, earlier starts included.</param>
/// <param name="Loss">Of the last step; NaN where none was left to take.</param>
/// <param name="Rows">Rows that it drew from.</param>
/// <param name="Reference">DPO's reference; null for other methods.</param>
public sealed record AlignmentOutcome(int Steps, double Loss, int Rows, DpoReference? Reference = null);

/// <summary>Trains an adapter, or the whole language model, as the options say; goes on from its last checkpoint after a kill.</summary>
public static class AlignmentJob
{
    /// <param name="model">The base; trained in place.</param>
    /// <param name="align">How.</param>
    /// <param name="inputs">What from.</param>
    /// <param name="seed">Of rows, order and the adapter's start.</param>
    /// <param name="files">Where to.</param>
    /// <param name="report">Told steps done, steps in all and a few words.</param>
    /// <param name="stop">Stops between two steps, with a checkpoint.</param>
    /// <exception cref="SeaException">A row kind that the mix asks for has no rows, or a file is damaged.</exception>
    public static AlignmentOutcome Run(
        IMultimodalModel model, AlignOptions align, AlignmentInputs inputs, long seed, AlignmentFiles files, Action<double, double, string?> report, CancellationToken stop)
    {
        using AlignmentPool pool = AlignmentPool.Gather(model, inputs, align.Media, stop);
        using MediaBank bank = MediaBank.Of(model, pool.Media);
        using Trainer trainer = new(model, TrainingOf(align, seed));
        DpoReference? reference = align.Method == AlignmentMethod.Dpo
            ? DpoReference.Of(
                model, trainer.Adapter, pool.Preferences, bank, AlignmentObjective.PassOf(align), files.Reference,
                (done, rows) => report(0, align.Steps, $"reference of {rows} rows, {done} done"), stop)
            : null;
        IObjective objective = AlignmentObjective.Of(align, model, trainer.Adapter, pool, bank, seed, reference);
        // Other embeddings are other training data: their checkpoint has another name.
        string checkpoint = Path.Combine(files.Checkpoints, $"align-{pool.Fingerprint[..16]}.safetensors");
        if (trainer.Resume(objective, checkpoint))
        {
            report(trainer.Steps, align.Steps, "going on from a checkpoint");
        }

        double last = TrainingLog.Write(files.Log, trainer.Steps, trainer.Run(objective, checkpoint, stop).Select(step =>
        {
            TrainingInstruments.Stepped(step);
            report(step.Step, align.Steps, $"loss {step.Loss:F4}");
            return step;
        }));
        Export(trainer, files.Adapter);
        return new AlignmentOutcome(trainer.Steps, last, pool.Rows.Count, reference);
    }

    internal static TrainingOptions TrainingOf(AlignOptions align, long seed) => new()
    {
        Lora = align.Adapter == AdapterKind.Full ? null : new LoraConfig { Rank = align.Rank, Alpha = align.Alpha, Targets = LoraTargets.Named([.. align.Targets]) },
        Steps = align.Steps,
        LearningRate = align.LearningRate,
        WarmUp = align.Warmup ?? align.Steps / 10,
        Schedule = align.Schedule,
        Floor = align.FinalLearningRate,
        WeightDecay = align.WeightDecay,
        MaxGradNorm = align.MaxGradNorm,
        Seed = seed,
        CheckpointEvery = align.CheckpointEvery,
    };

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
