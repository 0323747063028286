using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>
/// Trains an adapter of a model's language model, or the language model in full, for an <see cref="IObjective"/>. Encoder and projector stay as they
/// are. One trainer on one thread; trainers share nothing, so several run side by side on models of their own.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly IMultimodalModel model;
    private readonly TrainingOptions options;
    private readonly TimeProvider time;
    private readonly AdamW optimizer;
    private readonly List<(string Name, Tensor Tensor)> parameters;
    private long tokens;

    /// <param name="model">Gets a new adapter, or is changed in place where <see cref="TrainingOptions.Lora"/> is null.</param>
    /// <param name="options">How to train.</param>
    /// <param name="time">Measures steps.</param>
    public Trainer(IMultimodalModel model, TrainingOptions options, TimeProvider? time = null)
        : this(model, options, options.Lora is { } lora ? LoraAdapter.Attach(model.LanguageModel, lora, options.Seed) : null, time)
    {
    }

    /// <summary>Goes on training an adapter that is attached to the model, and takes it over.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How to train; its <see cref="TrainingOptions.Lora"/> is not looked at.</param>
    /// <param name="adapter">Attached; null trains the language model in full.</param>
    /// <param name="time">Measures steps.</param>
    public Trainer(IMultimodalModel model, TrainingOptions options, LoraAdapter? adapter, TimeProvider? time = null)
    {
        this.model = model;
        this.options = options;
        this.time = time ?? TimeProvider.System;
        Adapter = adapter;
        parameters = [.. adapter?.Parameters ?? model.LanguageModel.Parameters];
        foreach ((_, Tensor tensor) in parameters)
        {
            tensor.requires_grad_(true);
        }

        optimizer = new AdamW(parameters, options);
    }

    /// <summary>The adapter under training; null where the language model is trained in full.</summary>
    public LoraAdapter? Adapter { get; }

    /// <summary>Steps taken.</summary>
    public int Steps => optimizer.Steps;

    /// <summary>Takes steps until <see cref="TrainingOptions.Steps"/>; what is between two steps is the caller's.</summary>
    /// <param name="objective">What to train for.</param>
    /// <param name="checkpoint">A file to write every <see cref="TrainingOptions.CheckpointEvery"/> steps and at the end, or null.</param>
    /// <param name="cancellation">Stops between two steps, with a checkpoint.</param>
    public IEnumerable<StepMetrics> Run(IObjective objective, string? checkpoint = null, CancellationToken cancellation = default)
    {
        while (Steps < options.Steps)
        {
            if (cancellation.IsCancellationRequested)
            {
                Save(objective, checkpoint);
                cancellation.ThrowIfCancellationRequested();
            }

            // The caller has the step's figures before a checkpoint says that it was taken: what goes on from there lacks none of them.
            yield return Step(objective);
            if (Steps == options.Steps || (options.CheckpointEvery > 0 && Steps % options.CheckpointEvery == 0))
            {
                Save(objective, checkpoint);
            }
        }
    }

    /// <summary>One step: gradient, clipping, AdamW.</summary>
    /// <exception cref="SeaException">The loss or the gradient is not finite.</exception>
    public StepMetrics Step(IObjective objective)
    {
        long start = time.GetTimestamp();
        int step = Steps;
        optimizer.ZeroGrad();
        StepLoss loss = objective.Backward(step);
        double norm = optimizer.ClipGradNorm(options.MaxGradNorm);
        if (!double.IsFinite(loss.Loss) || !double.IsFinite(norm))
        {
            throw new SeaException(
                $"Training step {step + 1}: the loss is {loss.Loss:G4} and the gradient's norm {norm:G4}.", "Lower the learning rate, or lengthen the warm-up; the last checkpoint is intact.");
        }

        double rate = options.LearningRateAt(step);
        optimizer.Step(rate);
        tokens += loss.SequenceTokens;
        return new StepMetrics(step + 1, loss, norm, rate, time.GetElapsedTime(start).TotalSeconds, tokens);
    }

    /// <summary>Writes parameters, optimiser state and step number in one file, whole or not at all. The rows' order needs no more than the step number.</summary>
    public void Save(IObjective objective, string? checkpoint)
    {
        if (checkpoint is not null)
        {
            TrainingCheckpoint.Write(checkpoint, optimizer, options, objective, tokens);
        }
    }

    /// <summary>Goes on where a checkpoint was written, to the same losses.</summary>
    /// <returns>Whether there was a checkpoint.</returns>
    /// <exception cref="SeaException">It is damaged, or of other rows, options or model.</exception>
    public bool Resume(IObjective objective, string checkpoint)
    {
        if (!File.Exists(checkpoint))
        {
            return false;
        }

        tokens = TrainingCheckpoint.Read(checkpoint, optimizer, options, objective);
        return true;
    }

    /// <summary>Writes the result: a PEFT adapter, or after full training a checkpoint in the layout of the base.</summary>
    /// <param name="folder">For a checkpoint it must not exist, or be empty.</param>
    public void Export(string folder)
    {
        if (Adapter is not null)
        {
            PeftAdapter.Save(Adapter, model, folder);
        }
        else
        {
            CheckpointExport.Replace(model.Folder, parameters, folder);
        }
    }

    /// <summary>Detaches and frees the adapter; a language model trained in full stays as trained.</summary>
    public void Dispose()
    {
        optimizer.ZeroGrad();
        foreach ((_, Tensor tensor) in parameters)
        {
            tensor.requires_grad_(false);
        }

        optimizer.Dispose();
        Adapter?.Dispose();
    }
}
