using SeaCluster.Models.Attention;
using SeaCluster.Models.Layers;
using SeaCluster.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Packing;

/// <summary>
/// Sequences laid end to end for one forward pass. Built once per composition of a batch and used for as many steps as it stays the same.
/// </summary>
public sealed class PackedBatch : IDisposable
{
    private readonly IMultimodalModel model;
    private readonly PackedAttention attention;
    private readonly Rotary rotary;
    private readonly Tensor text;
    private readonly Tensor? mediaRows;
    private readonly Tensor labelRows;
    private readonly Tensor targets;

    /// <param name="model">The model that the sequences are for.</param>
    /// <param name="sequences">At least one.</param>
    /// <param name="constant">The prefix in front of all of them, or null.</param>
    public PackedBatch(IMultimodalModel model, IReadOnlyList<PackedSequence> sequences, ConstantPrefix? constant = null)
    {
        this.model = model;
        Sequences = sequences;
        (ScalarType dtype, Device device) = (model.DType, model.Device);
        using DisposeScope scope = NewDisposeScope();
        attention = new PackedAttention([.. sequences.Select(s => s.Shape)], constant, dtype, device);
        rotary = Rotary.For(model.Config.Text, [.. sequences.SelectMany(s => s.Positions)], dtype, device);
        List<long> media = [], rows = [], wanted = [];
        int start = 0;
        foreach (PackedSequence sequence in sequences)
        {
            media.AddRange(sequence.MediaRows.Select(row => (long)(start + row)));
            rows.AddRange(sequence.Labels.Select(label => (long)(start + label.Row)));
            wanted.AddRange(sequence.Labels.Select(label => (long)label.Target));
            start += sequence.Ids.Length;
        }

        Tokens = start;
        text = Long(sequences.SelectMany(s => s.Ids));
        mediaRows = media.Count == 0 ? null : tensor(media.ToArray()).to(device).DetachFromDisposeScope();
        labelRows = tensor(rows.ToArray()).to(device).DetachFromDisposeScope();
        targets = tensor(wanted.ToArray()).to(device).DetachFromDisposeScope();

        Tensor Long(IEnumerable<int> ids) => tensor(ids.Select(id => (long)id).ToArray()).to(device).DetachFromDisposeScope();
    }

    /// <summary>What the batch holds, in order.</summary>
    public IReadOnlyList<PackedSequence> Sequences { get; }

    /// <summary>Tokens of all sequences.</summary>
    public int Tokens { get; }

    /// <summary>
    /// Negative log-likelihood of every label, float32 [labels], in the order of the sequences. Differentiable with respect to
    /// <paramref name="encoderOutputs"/> and to whatever parameter of the model requires a gradient.
    /// </summary>
    /// <param name="encoderOutputs">The sequences' encoder outputs one below the other, [rows, encoder hidden], or null without media.</param>
    /// <param name="projected">They are behind the projector already, [media tokens, hidden].</param>
    public Tensor AnswerNll(Tensor? encoderOutputs, bool projected = false)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor hidden = model.LanguageModel.Hidden(Embedded(encoderOutputs, projected), rotary, attention, labelRows);
        return Kernels.AnswerNll(model.LanguageModel.Logits(hidden), targets).MoveToOuterDisposeScope();
    }

    /// <summary><see cref="AnswerNll"/>, with figures of the distributions that it comes from.</summary>
    /// <param name="encoderOutputs">As there.</param>
    /// <param name="projected">As there.</param>
    public (Tensor Nll, LabelFigures Figures) AnswerFigures(Tensor? encoderOutputs, bool projected = false)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = model.LanguageModel.Logits(model.LanguageModel.Hidden(Embedded(encoderOutputs, projected), rotary, attention, labelRows));
        return (Kernels.AnswerNll(logits, targets).MoveToOuterDisposeScope(), LabelFigures.Of(logits, targets));
    }

    /// <summary>Logits of all rows, [tokens, vocabulary].</summary>
    public Tensor Logits(Tensor? encoderOutputs, bool projected = false)
    {
        using DisposeScope scope = NewDisposeScope();
        return model.LanguageModel.Logits(model.LanguageModel.Hidden(Embedded(encoderOutputs, projected), rotary, attention)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Weights [labels] with which the sum of the label losses is the sum over sequences of the mean over their questions of an answer's loss:
    /// the loss of SEA, each sample for itself.
    /// </summary>
    /// <param name="perToken">An answer's loss is the mean over its tokens; otherwise their sum.</param>
    public float[] MeanPerQuestion(bool perToken = true) => [.. Sequences.SelectMany(sequence =>
    {
        Dictionary<int, int> tokens = sequence.Labels.GroupBy(label => label.Branch).ToDictionary(group => group.Key, group => group.Count());
        return sequence.Labels.Select(label => 1f / (perToken ? tokens[label.Branch] : 1) / tokens.Count);
    })];

    /// <inheritdoc/>
    public void Dispose()
    {
        attention.Dispose();
        rotary.Dispose();
        text.Dispose();
        mediaRows?.Dispose();
        labelRows.Dispose();
        targets.Dispose();
    }

    private Tensor Embedded(Tensor? encoderOutputs, bool projected)
    {
        Tensor x = model.LanguageModel.Embed(text);
        if (mediaRows is null)
        {
            return x;
        }

        Tensor? media = projected || encoderOutputs is null ? encoderOutputs : model.Project(encoderOutputs);
        return media?.shape[0] == mediaRows.shape[0]
            ? x.index_copy(0, mediaRows, media)
            : throw new ArgumentException($"The batch has {mediaRows.shape[0]} media tokens, but the encoder outputs make {media?.shape[0] ?? 0}.", nameof(encoderOutputs));
    }
}
