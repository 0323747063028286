using System.Text.Json.Nodes;
using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;
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
        AlignmentInputs inputs = InputsAsync(context, stop).GetAwaiter().GetResult();
        AlignmentFiles files = new(context.Folder.Adapter, context.Folder.Checkpoints, context.Folder.At("align.jsonl"), context.Folder.Reference);
        AlignmentOutcome outcome = AlignmentJob.Run(model, align, inputs, align.Seed ?? Seeds.Derive(context.Spec.Seed, "align"), files, context.Report, stop);
        context.RecordAsync(context.Folder.Adapter, stop).GetAwaiter().GetResult();
        JsonObject summary = new() { ["steps"] = outcome.Steps, ["loss"] = outcome.Loss, ["rows"] = outcome.Rows };
        if (outcome.Reference is { } reference)
        {
            context.RecordAsync(context.Folder.Reference, stop).GetAwaiter().GetResult();
            summary["reference_rows"] = reference.Rows.Count;
        }

        return StageOutcome.Done(summary);
    }

    private static async Task<AlignmentInputs> InputsAsync(RunContext context, CancellationToken cancel)
    {
        Dictionary<string, (string File, string Hash)> embeddings = new(StringComparer.Ordinal);
        if (context.Spec.Align.Media == AlignmentMedia.Synthetic)
        {
            await foreach (SampleRow row in context.DoneSamplesAsync(StageName.Synthesize, cancel))
            {
                StoredFile file = row.Artifact ?? throw new SeaException($"Sample '{row.Id}' is done, but the ledger names no embedding for it.");
                embeddings[row.Id] = (await context.Artifacts.FetchAsync(file, cancel), file.Hash);
            }
        }

        DataOptions data = context.Spec.Data;
        return new AlignmentInputs
        {
            Samples = [.. PreparedFiles.Samples(context).Select(sample =>
            {
                bool found = embeddings.TryGetValue(sample.Id, out (string File, string Hash) made);
                bool benign = sample.Id.StartsWith(PreparedFiles.BenignPrefix, StringComparison.Ordinal);
                return new AlignmentSample(sample.Id, sample.Row, benign, found ? made.File : null, found ? made.Hash : null);
            })],
            Benign = data.Benign,
            BenignMedia = data.BenignMedia,
            HarmfulMedia = data.HarmfulMedia,
            Eraser = data.Eraser,
            Modality = context.Spec.Synthesize.Modality,
            Limit = data.Limit,
        };
    }
}
