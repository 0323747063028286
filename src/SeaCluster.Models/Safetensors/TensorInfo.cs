namespace SeaCluster.Models.Safetensors;

/// <summary>What a safetensors header says of one tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dtype">Its element type.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">The byte after the last.</param>
public sealed record TensorInfo(string Name, SafetensorsDtype Dtype, long[] Shape, long Begin, long End)
{
    /// <summary>Bytes of the data.</summary>
    public long Length => End - Begin;

    /// <summary>Number of elements.</summary>
    public long Elements => Length / Dtype.ElementSize();
}
