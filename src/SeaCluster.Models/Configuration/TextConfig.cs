namespace SeaCluster.Models.Configuration;

/// <summary>The sizes of a decoder-only language model of the Llama shape (RMSNorm, rotary positions, gated feed-forward).</summary>
public sealed record TextConfig
{
    /// <summary>The library's name of the architecture: <c>llama</c>, <c>qwen2</c> or <c>qwen2_vl_text</c>.</summary>
    public required string ModelType { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Size of one head; the heads together may be wider than <see cref="HiddenSize"/>.</summary>
    public required int HeadDim { get; init; }

    public required int VocabSize { get; init; }

    public required double RmsNormEps { get; init; }

    public required double RopeTheta { get; init; }

    /// <summary>Pairs of each head turned by time, height and width (Qwen2-VL), or null for plain rotary positions.</summary>
    public int[]? MropeSection { get; init; }

    /// <summary>Whether the output head is the embedding table.</summary>
    public required bool Tied { get; init; }

    /// <summary>Whether the query, key and value projections have biases.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Whether the attention's output projection has a bias.</summary>
    public required bool AttentionOutputBias { get; init; }

    /// <summary>Whether the feed-forward projections have biases.</summary>
    public required bool MlpBias { get; init; }

    /// <summary>Longest sequence, in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>The token in front of a text, or null.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a text; may be empty.</summary>
    public required int[] EosTokenIds { get; init; }

    /// <summary>Values in all parameters, with the output head unless it is the embedding table.</summary>
    public long ParameterCount
    {
        get
        {
            checked
            {
                long hidden = HiddenSize, queries = (long)Heads * HeadDim, keys = (long)KvHeads * HeadDim, ffn = IntermediateSize;
                long attention = (hidden * queries) + (2 * hidden * keys) + (queries * hidden);
                long biases = (AttentionBias ? queries + (2 * keys) : 0) + (AttentionOutputBias ? hidden : 0) + (MlpBias ? (2 * ffn) + hidden : 0);
                long layer = attention + (3 * hidden * ffn) + biases + (2 * hidden);
                return (Layers * layer) + hidden + ((Tied ? 1 : 2) * VocabSize * hidden);
            }
        }
    }
}
