namespace SeaCluster.Models.Safetensors;

/// <summary>Named tensors in one file or in several: what a checkpoint loader needs.</summary>
public interface ITensorSource : IDisposable
{
    /// <summary>The file or folder, for messages.</summary>
    string Path { get; }

    /// <summary>All tensor names, in ordinal order.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>The <c>__metadata__</c> of the file, or of the index.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Whether there is a tensor of this name.</summary>
    bool Contains(string name);

    /// <summary>Type, shape and place of a tensor. Throws <see cref="SeaException"/> naming file and tensor where there is none.</summary>
    TensorInfo Info(string name);

    /// <summary>
    /// Up to <paramref name="count"/> bytes of a tensor from byte <paramref name="offset"/> on, straight from the mapped file: valid until
    /// the source is disposed.
    /// </summary>
    ReadOnlySpan<byte> Bytes(string name, long offset, int count);
}
