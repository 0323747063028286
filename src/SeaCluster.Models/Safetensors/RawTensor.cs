namespace SeaCluster.Models.Safetensors;

/// <summary>One tensor to write, as bytes that are produced when their turn comes.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Dtype">Its element type.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Write">Writes exactly shape × element size bytes, little-endian, row-major.</param>
public sealed record RawTensor(string Name, SafetensorsDtype Dtype, long[] Shape, Action<Stream> Write)
{
    private const int Part = 1 << 24;

    /// <summary>Bytes of the data.</summary>
    public long Length => Shape.Aggregate((long)Dtype.ElementSize(), (product, size) => checked(product * size));

    /// <summary>A tensor held in memory.</summary>
    public static RawTensor Of(string name, SafetensorsDtype dtype, long[] shape, ReadOnlyMemory<byte> bytes) =>
        new(name, dtype, shape, stream => stream.Write(bytes.Span));

    /// <summary>A tensor of another file, byte for byte, under the same or a new name: nothing is loaded.</summary>
    public static RawTensor Of(ITensorSource source, string name, string? newName = null)
    {
        TensorInfo info = source.Info(name);
        return new RawTensor(newName ?? name, info.Dtype, info.Shape, stream =>
        {
            for (long offset = 0; offset < info.Length; offset += Part)
            {
                stream.Write(source.Bytes(name, offset, Part));
            }
        });
    }
}
