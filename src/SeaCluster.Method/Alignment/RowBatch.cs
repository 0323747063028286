using SeaCluster.Models;
using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>A prompt of a step.</summary>
/// <param name="Prompt">With labels.</param>
/// <param name="Medium">Its encoder output, or null.</param>
/// <param name="Shares">Text prompts of the same name share their common beginning; null: alone. Prompts on one medium always do.</param>
internal readonly record struct RowItem(EncodedPrompt Prompt, string? Medium, string? Shares = null);

/// <summary>What one forward and backward pass may hold: memory against time, never the losses beyond rounding.</summary>
/// <param name="Tokens">Most tokens, counted with padding.</param>
/// <param name="Rows">Most rows; those on one medium stay together. A pair to prefer and to avoid counts as two.</param>
public readonly record struct PassLimit(int Tokens, int Rows = int.MaxValue)
{
    /// <summary>Enough for a device to be busy.</summary>
    public static PassLimit Standard { get; } = new(16384);
}

/// <summary>
/// Prompts packed for one forward and backward pass. Prompts on the same medium become branches of one sequence, so the medium's tokens are
/// computed once; the arithmetic is that of each alone.
/// </summary>
internal sealed class RowBatch : IDisposable
{
    private const int WorthAPass = 256;

    private readonly PackedBatch packed;
    private readonly MediaBank? bank;
    private readonly string[] media;

    private RowBatch(IMultimodalModel model, MediaBank? bank, IReadOnlyList<Sequence> sequences)
    {
        this.bank = bank;
        packed = new PackedBatch(model, [.. sequences.Select(sequence => sequence.Packed)]);
        media = [.. sequences.Select(sequence => sequence.Medium).OfType<string>()];
        ItemOfLabel = [.. sequences.SelectMany(sequence => sequence.Packed.Labels.Select(label => sequence.Items[label.Branch]))];
    }

    /// <summary>Index, among the items of the step, of the prompt that each label belongs to.</summary>
    public int[] ItemOfLabel { get; }

    /// <summary>Tokens computed.</summary>
    public int Tokens => packed.Tokens;

    /// <summary>The items in as few passes as the limit allows, sequences of similar length together.</summary>
    /// <param name="model">The model.</param>
    /// <param name="bank">Encoder outputs; null where no item has a medium.</param>
    /// <param name="items">Prompts of a step.</param>
    /// <param name="limit">Most tokens, counted with padding, and most items of a pass; a single larger sequence is a pass of its own.</param>
    public static IEnumerable<RowBatch> Split(IMultimodalModel model, MediaBank? bank, IReadOnlyList<RowItem> items, PassLimit limit)
    {
        List<Sequence> pass = [];
        int tokens = 0, rows = 0;
        foreach (Sequence sequence in Sequences(items).OrderBy(sequence => sequence.Packed.Ids.Length))
        {
            // Attention scores are padded to the longest sequence of a pass: short ones do not share a pass with much longer ones.
            int length = sequence.Packed.Ids.Length;
            bool wasteful = tokens >= WorthAPass && length > 2 * pass[0].Packed.Ids.Length;
            if (pass.Count > 0 && (wasteful || (pass.Count + 1) * length > limit.Tokens || rows + sequence.Items.Length > limit.Rows))
            {
                yield return new RowBatch(model, bank, pass);
                pass = [];
                tokens = 0;
                rows = 0;
            }

            pass.Add(sequence);
            tokens += length;
            rows += sequence.Items.Length;
        }

        if (pass.Count > 0)
        {
            yield return new RowBatch(model, bank, pass);
        }
    }

    /// <summary>Negative log-likelihood of every label, float32 [labels].</summary>
    public Tensor AnswerNll()
    {
        using DisposeScope scope = NewDisposeScope();
        return packed.AnswerNll(Media(), projected: true).MoveToOuterDisposeScope();
    }

    /// <summary><see cref="AnswerNll"/> with figures of the distributions that it comes from.</summary>
    public (Tensor Nll, LabelFigures Figures) AnswerFigures()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor nll, LabelFigures figures) = packed.AnswerFigures(Media(), projected: true);
        return (nll.MoveToOuterDisposeScope(), figures);
    }

    /// <summary>Logits of all rows [tokens, vocabulary].</summary>
    public Tensor Logits()
    {
        using DisposeScope scope = NewDisposeScope();
        return packed.Logits(Media(), projected: true).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => packed.Dispose();

    private Tensor? Media()
    {
        if (media.Length == 0)
        {
            return null;
        }

        MediaBank source = bank ?? throw new SeaException($"A row names the medium '{media[0]}', but there are no encoder outputs.");
        return cat([.. media.Select(source.Projected)], 0);
    }

    private static IEnumerable<Sequence> Sequences(IReadOnlyList<RowItem> items) =>
        Enumerable.Range(0, items.Count)
            .GroupBy(i => items[i] switch
            {
                { Medium: { } medium } item => $"medium {string.Join(',', item.Prompt.MediaSpans)} {medium}",
                { Shares: { } name } => $"text {name}",
                _ => $"alone {i}",
            }, StringComparer.Ordinal)
            .Select(group => new Sequence(PackedSequence.Of([.. group.Select(i => items[i].Prompt)], 0), items[group.First()].Medium, [.. group]));

    private sealed record Sequence(PackedSequence Packed, string? Medium, int[] Items);
}
