using System.Security.Cryptography;
using System.Text;
using SeaCluster.Method.Alignment;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Preparation.Rows;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Models.Prompts;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Runs.Stages;

/// <summary>The rows of an alignment and the encoder outputs behind them, gathered from a run's prepared rows, embeddings and data files. Owns the tensors.</summary>
internal sealed class AlignmentPool : IDisposable
{
    private readonly Dictionary<string, Tensor> media = new(StringComparer.Ordinal);
    private readonly List<AlignmentRow> rows = [];
    private readonly List<PreferenceRow> preferences = [];

    private AlignmentPool()
    {
    }

    /// <summary>Rows of all kinds.</summary>
    public IReadOnlyList<AlignmentRow> Rows => rows;

    /// <summary>The rows that also have an answer to avoid.</summary>
    public IReadOnlyList<PreferenceRow> Preferences => preferences;

    /// <summary>Hash of the embeddings' contents.</summary>
    public string Fingerprint { get; private set; } = new('0', 64);

    /// <summary>Encoder outputs by the names that rows use.</summary>
    public IReadOnlyDictionary<string, Tensor> Media => media;

    /// <summary>Gathers what the spec's mix needs.</summary>
    public static async Task<AlignmentPool> GatherAsync(IMultimodalModel model, RunContext context, CancellationToken cancel)
    {
        AlignmentPool pool = new();
        try
        {
            AlignOptions align = context.Spec.Align;
            Dictionary<string, Tensor> synthetic = align.Media == AlignmentMedia.Synthetic ? await pool.EmbeddingsAsync(context, cancel) : [];
            Tensor? blank = align.Media == AlignmentMedia.Blank ? pool.Own("blank", model.EncodeBlank()) : null;
            foreach (SampleInput sample in PreparedFiles.Samples(context))
            {
                cancel.ThrowIfCancellationRequested();
                bool benign = sample.Id.StartsWith(PreparedFiles.BenignPrefix, StringComparison.Ordinal);
                string? name = blank is not null ? "blank" : synthetic.ContainsKey(sample.Id) ? sample.Id : null;
                pool.AddPrepared(model, sample, benign, name);
            }

            pool.AddBenignText(model, context);
            pool.AddReal(model, context.Spec.Data.BenignMedia, RowKind.BenignMedia);
            if (align.Media == AlignmentMedia.Real)
            {
                pool.AddReal(model, context.Spec.Data.HarmfulMedia, RowKind.HarmfulMedia);
            }

            return pool;
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in media.Values)
        {
            tensor.Dispose();
        }
    }

    private async Task<Dictionary<string, Tensor>> EmbeddingsAsync(RunContext context, CancellationToken cancel)
    {
        Dictionary<string, Tensor> found = new(StringComparer.Ordinal);
        StringBuilder hashes = new();
        await foreach (SampleRow row in context.DoneSamplesAsync(StageName.Synthesize, cancel))
        {
            StoredFile file = row.Artifact ?? throw new SeaException($"Sample '{row.Id}' is done, but the ledger names no embedding for it.");
            Embedding embedding = EmbeddingFile.Read(await context.Artifacts.FetchAsync(file, cancel));
            found[row.Id] = Own(row.Id, embedding.EncoderOutput);
            hashes.Append(row.Id).Append(' ').Append(file.Hash).Append('\n');
        }

        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(hashes.ToString())));
        return found;
    }

    private void AddPrepared(IMultimodalModel model, SampleInput sample, bool benign, string? medium)
    {
        PreparedRow row = sample.Row;
        Add(model, $"{sample.Id}/text", benign ? RowKind.BenignText : RowKind.HarmfulText, row.Instruction, row.Response, row.Rejected, null);
        if (medium is null)
        {
            return;
        }

        Add(model, $"{sample.Id}/media", benign ? RowKind.BenignMedia : RowKind.HarmfulMedia, row.DetoxifiedInstruction, row.Response, row.Rejected, medium);
        if (medium != "blank")
        {
            Add(model, $"{sample.Id}/content", RowKind.Retention, row.Content.Question, row.Content.Answer, null, medium);
        }
    }

    private void AddBenignText(IMultimodalModel model, RunContext context)
    {
        if (context.Spec.Data.Benign is not { } path)
        {
            return;
        }

        HashSet<string> known = [.. rows.Where(row => row.Kind == RowKind.BenignText).Select(row => row.Prompt.Text)];
        foreach (RowRead read in RowReader.Read(path).Where(read => read.Row?.Response is not null).Take(context.Spec.Data.Limit ?? int.MaxValue))
        {
            EncodedPrompt prompt = model.Prompts.Encode(read.Row!.Prompt, read.Row.Response);
            if (known.Add(prompt.Text))
            {
                rows.Add(new AlignmentRow($"benign-text/{read.Row.Id}", RowKind.BenignText, prompt));
            }
        }
    }

    private void AddReal(IMultimodalModel model, string? path, RowKind kind)
    {
        if (path is null)
        {
            return;
        }

        IReadOnlyList<MediaRow> real = MediaRow.Read(path);
        string[] files = [.. real.Select(row => row.Media).Distinct(StringComparer.Ordinal)];
        foreach ((string file, Tensor output) in files.Zip(model.Encode(files)))
        {
            Own(file, output);
        }

        foreach (MediaRow row in real)
        {
            Add(model, $"{kind}/{row.Id}", kind, row.Prompt, row.Response, null, row.Media);
        }
    }

    private void Add(IMultimodalModel model, string id, RowKind kind, string question, string answer, string? rejected, string? medium)
    {
        int tokens = medium is null ? 0 : model.MediaTokens(media[medium].shape[0]);
        EncodedPrompt chosen = model.Prompts.Encode(question, answer, tokens);
        rows.Add(new AlignmentRow(id, kind, chosen, medium));
        if (rejected is not null)
        {
            preferences.Add(new PreferenceRow(id, kind, chosen, model.Prompts.Encode(question, rejected, tokens), medium));
        }
    }

    private Tensor Own(string name, Tensor tensor)
    {
        media[name] = tensor.DetachFromDisposeScope();
        return tensor;
    }
}
