using System.Security.Cryptography;
using System.Text;
using SeaCluster.Method.Alignment;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Preparation.Rows;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Models.Prompts;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Stages;

/// <summary>The rows of an alignment and the encoder outputs behind them, gathered from prepared rows, embeddings and data files. Owns the tensors.</summary>
internal sealed class AlignmentPool : IDisposable
{
    private readonly Dictionary<string, EncoderOutput> media = new(StringComparer.Ordinal);
    private readonly List<AlignmentRow> rows = [];
    private readonly List<PreferenceRow> preferences = [];
    private readonly Dictionary<string, HarmRow> harm = new(StringComparer.Ordinal);

    private readonly IReadOnlyList<string> refusals;

    private AlignmentPool(IReadOnlyList<string> refusals, string? eraser) => (this.refusals, Eraser) = (refusals, eraser);

    /// <summary>Folder of Eraser's own data, or null.</summary>
    public string? Eraser { get; }

    /// <summary>A harmful row's prompt with texts around its question, by the row's id.</summary>
    public IReadOnlyDictionary<string, HarmRow> Harm => harm;

    /// <summary>Rows of all kinds.</summary>
    public IReadOnlyList<AlignmentRow> Rows => rows;

    /// <summary>
    /// The rows that also have an answer to avoid: harmful ones the unwanted answer of their data, all others a refusal, so that refusing
    /// what is harmless is avoided.
    /// </summary>
    public IReadOnlyList<PreferenceRow> Preferences => preferences;

    /// <summary>Hash of the embeddings' contents.</summary>
    public string Fingerprint { get; private set; } = new('0', 64);

    /// <summary>Encoder outputs by the names that rows use.</summary>
    public IReadOnlyDictionary<string, EncoderOutput> Media => media;

    /// <summary>Gathers rows and encoder outputs.</summary>
    public static AlignmentPool Gather(IMultimodalModel model, AlignmentInputs inputs, AlignmentMedia kind, CancellationToken cancel)
    {
        AlignmentPool pool = new([.. inputs.Samples.Where(sample => !sample.Benign).Select(sample => sample.Row.Response).Distinct(StringComparer.Ordinal)], inputs.Eraser);
        try
        {
            if (kind == AlignmentMedia.Synthetic && inputs.BlankStandsIn)
            {
                pool.StandIn(model, inputs);
            }
            else if (kind == AlignmentMedia.Synthetic)
            {
                pool.ReadEmbeddings(inputs, cancel);
            }

            EncoderOutput? blank = kind == AlignmentMedia.Blank ? pool.Own("blank", model.EncodeBlank(inputs.Modality ?? model.Config.Modalities[0])) : null;
            foreach (AlignmentSample sample in inputs.Samples)
            {
                cancel.ThrowIfCancellationRequested();
                pool.AddPrepared(model, sample, blank is not null ? "blank" : pool.media.ContainsKey(sample.Id) ? sample.Id : null);
            }

            pool.AddBenignText(model, inputs);
            pool.AddReal(model, inputs.BenignMedia, RowKind.BenignRealMedia, inputs.Limit);
            if (kind == AlignmentMedia.Real)
            {
                pool.AddReal(model, inputs.HarmfulMedia, RowKind.HarmfulMedia, inputs.Limit);
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
        foreach (EncoderOutput output in media.Values)
        {
            output.Dispose();
        }
    }

    // One for each: rows on one medium would share its tokens.
    private void StandIn(IMultimodalModel model, AlignmentInputs inputs)
    {
        using EncoderOutput blank = model.EncodeBlank(inputs.Modality ?? model.Config.Modalities[0]);
        foreach (AlignmentSample sample in inputs.Samples)
        {
            Own(sample.Id, blank with { Values = blank.Values.clone() });
        }
    }

    private void ReadEmbeddings(AlignmentInputs inputs, CancellationToken cancel)
    {
        StringBuilder hashes = new();
        foreach (AlignmentSample sample in inputs.Samples.Where(sample => sample.Embedding is not null))
        {
            cancel.ThrowIfCancellationRequested();
            Own(sample.Id, EmbeddingFile.Read(sample.Embedding!).EncoderOutput);
            hashes.Append(sample.Id).Append(' ').Append(sample.Hash).Append('\n');
        }

        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(hashes.ToString())));
    }

    private void AddPrepared(IMultimodalModel model, AlignmentSample sample, string? medium)
    {
        bool benign = sample.Benign;
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

    private void AddBenignText(IMultimodalModel model, AlignmentInputs inputs)
    {
        if (inputs.Benign is not { } path)
        {
            return;
        }

        HashSet<string> known = [.. rows.Where(row => row.Kind == RowKind.BenignText).Select(row => row.Prompt.Text)];
        foreach (RowRead read in RowReader.Read(path).Where(read => read.Row?.Response is not null).Take(inputs.Limit ?? int.MaxValue))
        {
            if (known.Add(model.Prompts.Encode(read.Row!.Prompt, read.Row.Response).Text))
            {
                Add(model, $"benign-text/{read.Row.Id}", RowKind.BenignText, read.Row.Prompt, read.Row.Response!, read.Row.Rejected, null);
            }
        }
    }

    private void AddReal(IMultimodalModel model, string? path, RowKind kind, int? limit)
    {
        if (path is null)
        {
            return;
        }

        IReadOnlyList<MediaRow> real = [.. MediaRow.Read(path).Take(limit ?? int.MaxValue)];
        string[] files = [.. real.Select(row => row.Media).Distinct(StringComparer.Ordinal)];
        foreach ((string file, EncoderOutput output) in files.Zip(model.Encode(files)))
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
        MediaLayout? layout = medium is null ? null : media[medium].Layout;
        EncodedPrompt chosen = model.Prompts.Encode(question, answer, layout);
        rows.Add(new AlignmentRow(id, kind, chosen, medium));
        bool harmful = kind is RowKind.HarmfulText or RowKind.HarmfulMedia;
        rejected ??= harmful || refusals.Count == 0 ? null : refusals[preferences.Count % refusals.Count];
        if (rejected is not null)
        {
            if (harmful)
            {
                harm[id] = new HarmRow(id, (before, after) => model.Prompts.Encode(string.Join(' ', new[] { before, question, after }.Where(text => text.Length > 0)), rejected, layout), medium);
            }

            preferences.Add(new PreferenceRow(id, kind, chosen, model.Prompts.Encode(question, rejected, layout), medium));
        }
    }

    private EncoderOutput Own(string name, EncoderOutput output) => media[name] = output.DetachFromDisposeScope();
}
