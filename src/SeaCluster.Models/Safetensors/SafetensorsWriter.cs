using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using static TorchSharp.torch;

namespace SeaCluster.Models.Safetensors;

/// <summary>
/// Writes safetensors files: whole or not at all, tensor by tensor without a copy of the data, and the same bytes for the same content. Wide
/// element types come first and names are in ordinal order within a type, so every tensor is aligned to its element.
/// </summary>
public static class SafetensorsWriter
{
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes tensors, wherever they are, in their own element types.</summary>
    /// <param name="path">The file; replaced where it exists.</param>
    /// <param name="tensors">In any order; a repeated name throws <see cref="SeaException"/>.</param>
    /// <param name="metadata">Free text for <c>__metadata__</c>, or null.</param>
    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, tensors.Select(pair => pair.Tensor.ToRaw(pair.Name)), metadata);

    /// <summary>Writes tensors given as bytes.</summary>
    /// <param name="path">The file; replaced where it exists.</param>
    /// <param name="tensors">In any order; a repeated name throws <see cref="SeaException"/>.</param>
    /// <param name="metadata">Free text for <c>__metadata__</c>, or null.</param>
    public static void Write(string path, IEnumerable<RawTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, path, tensors, metadata));

    /// <summary>Writes tensors given as bytes to a stream.</summary>
    /// <param name="stream">Written from its current position.</param>
    /// <param name="path">What errors call it.</param>
    /// <param name="tensors">In any order; a repeated name throws <see cref="SeaException"/>.</param>
    /// <param name="metadata">Free text for <c>__metadata__</c>, or null.</param>
    public static void Write(Stream stream, string path, IEnumerable<RawTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        RawTensor[] ordered = [.. tensors.OrderByDescending(tensor => tensor.Dtype.ElementSize()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)];
        byte[] header = Header(path, ordered, metadata);
        stream.Write(header);
        foreach (RawTensor tensor in ordered)
        {
            long before = stream.Position;
            tensor.Write(stream);
            long written = stream.Position - before;
            if (written != tensor.Length)
            {
                throw new SeaException($"{path}: tensor '{tensor.Name}' of {tensor.Dtype} [{string.Join(", ", tensor.Shape)}] needs {tensor.Length} bytes, got {written}.");
            }
        }
    }

    private static byte[] Header(string path, RawTensor[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using MemoryStream buffer = new();
        buffer.Write(stackalloc byte[8]);
        using (Utf8JsonWriter json = new(buffer, JsonOptions))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            HashSet<string> names = new(StringComparer.Ordinal) { "__metadata__" };
            long offset = 0;
            foreach (RawTensor tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new SeaException($"{path}: tensor name '{tensor.Name}' is given twice or reserved.");
                }

                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Dtype.ToString());
                json.WriteStartArray("shape");
                foreach (long size in tensor.Shape)
                {
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        byte[] bytes = buffer.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)(bytes.Length - 8));
        return bytes;
    }
}
