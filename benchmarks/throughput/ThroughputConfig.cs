namespace SeaCluster.Throughput;

/// <summary>Sizes of a random language model and projector; the same three as in <c>sea_reference.py</c>.</summary>
/// <param name="Name">What the command calls it.</param>
/// <param name="Hidden">Width of the language model.</param>
/// <param name="Layers">Its layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads.</param>
/// <param name="Ffn">Width of the feed-forward part.</param>
/// <param name="Vocab">Vocabulary.</param>
/// <param name="Enc">Width of an encoder output.</param>
/// <param name="Media">Media tokens.</param>
public sealed record ThroughputConfig(string Name, int Hidden, int Layers, int Heads, int KvHeads, int Ffn, int Vocab, int Enc, int Media)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<ThroughputConfig> All { get; } =
    [
        new("tiny", 128, 4, 4, 4, 352, 600, 64, 64),
        new("small", 576, 12, 9, 3, 1536, 8192, 256, 256),
        new("llava-7b", 4096, 32, 32, 32, 11008, 32064, 1024, 576),
    ];
}
