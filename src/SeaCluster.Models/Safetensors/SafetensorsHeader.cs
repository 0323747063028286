using System.Text.Json;

namespace SeaCluster.Models.Safetensors;

/// <summary>
/// The header of a safetensors file: eight bytes of little-endian length, then JSON that maps names to type, shape and place. Everything
/// that could make a reader run past the file or allocate absurdly is refused here, with an error that names file and tensor.
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>Longest header that the format allows, in bytes.</summary>
    public const long MaxLength = 100_000_000;

    private const int MaxDimensions = 32;

    private SafetensorsHeader(IReadOnlyDictionary<string, TensorInfo> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The free text of <c>__metadata__</c>; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads and checks the length field.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="first">At least the first eight bytes of the file.</param>
    /// <param name="fileLength">Bytes of the whole file.</param>
    /// <returns>Bytes of the JSON that follows the length field.</returns>
    public static int ReadLength(string path, ReadOnlySpan<byte> first, long fileLength)
    {
        if (fileLength < 8 || first.Length < 8)
        {
            throw Malformed(path, $"a safetensors file starts with 8 bytes of header length, the file has {fileLength} bytes");
        }

        ulong length = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(first);
        if (length > MaxLength)
        {
            throw Malformed(path, $"the header claims {length} bytes, the format allows {MaxLength}");
        }

        if ((long)length > fileLength - 8)
        {
            throw Malformed(path, $"the header claims {length} bytes, only {fileLength - 8} follow");
        }

        return (int)length;
    }

    /// <summary>Reads and checks the JSON.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="json">The header's JSON, with its padding.</param>
    /// <param name="dataLength">Bytes of the file after the header.</param>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json, long dataLength)
    {
        Dictionary<string, TensorInfo> tensors = new(StringComparer.Ordinal);
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        bool metadataSeen = false;
        string? current = null;
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 4 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw Malformed(path, "the header is not a JSON object");
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                current = reader.GetString()!;
                reader.Read();
                if (current == "__metadata__")
                {
                    if (metadataSeen)
                    {
                        throw Malformed(path, "__metadata__ appears twice");
                    }

                    metadataSeen = true;
                    ReadMetadata(path, ref reader, metadata);
                }
                else if (!tensors.TryAdd(current, ReadTensor(path, current, ref reader)))
                {
                    throw Malformed(path, $"tensor '{current}' appears twice");
                }

                current = null;
            }

            reader.Read(); // anything but blanks after the object throws
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not valid UTF-8 or holds a lone surrogate.
            throw new SeaException($"{path}: {(current is null ? "the header" : $"the header of tensor '{current}'")} is not valid JSON: {error.Message}", inner: error);
        }

        CheckPlaces(path, tensors.Values, dataLength);
        return new SafetensorsHeader(tensors, metadata);
    }

    private static void ReadMetadata(string path, ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Malformed(path, "__metadata__ is not an object of strings");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Malformed(path, $"__metadata__ '{key}' is not a string");
            }

            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                throw Malformed(path, $"__metadata__ '{key}' appears twice");
            }
        }
    }

    private static TensorInfo ReadTensor(string path, string name, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Malformed(path, name, "is not an object with dtype, shape and data_offsets");
        }

        string? dtypeName = null;
        List<long>? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string key = reader.GetString()!;
            reader.Read();
            bool repeated = key switch { "dtype" => dtypeName is not null, "shape" => shape is not null, _ => offsets is not null };
            if (key is not ("dtype" or "shape" or "data_offsets"))
            {
                throw Malformed(path, name, $"has the unknown key '{key}'");
            }

            if (repeated)
            {
                throw Malformed(path, name, $"has the key '{key}' twice");
            }

            switch (key)
            {
                case "dtype":
                    dtypeName = reader.TokenType == JsonTokenType.String ? reader.GetString() : throw Malformed(path, name, "has a dtype that is not a string");
                    break;
                case "shape":
                    shape = ReadNumbers(path, name, key, MaxDimensions, ref reader);
                    break;
                default:
                    offsets = ReadNumbers(path, name, key, 2, ref reader);
                    break;
            }
        }

        if (dtypeName is null || shape is null || offsets is null || offsets.Count != 2)
        {
            throw Malformed(path, name, "needs dtype, shape and data_offsets [begin, end]");
        }

        if (!Enum.TryParse(dtypeName, out SafetensorsDtype dtype) || dtype.ToString() != dtypeName)
        {
            throw Malformed(path, name, $"has the dtype '{dtypeName}', known are {string.Join(", ", Enum.GetNames<SafetensorsDtype>())}");
        }

        long[] sizes = [.. shape];
        long expected = ByteLength(path, name, dtype, sizes);
        (long begin, long end) = (offsets[0], offsets[1]);
        return end - begin == expected
            ? new TensorInfo(name, dtype, sizes, begin, end)
            : throw Malformed(path, name, $"of {dtypeName} [{string.Join(", ", sizes)}] needs {expected} bytes, its data_offsets [{begin}, {end}] hold {end - begin}");
    }

    private static List<long> ReadNumbers(string path, string name, string key, int most, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Malformed(path, name, $"has a {key} that is not an array");
        }

        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw Malformed(path, name, $"has a {key} with an entry that is not a whole number from 0 to 2^63-1");
            }

            if (numbers.Count == most)
            {
                throw Malformed(path, name, $"has a {key} with more than {most} entries");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private static long ByteLength(string path, string name, SafetensorsDtype dtype, long[] shape)
    {
        // A zero empties the tensor, however large the other sizes are.
        if (shape.Contains(0))
        {
            return 0;
        }

        try
        {
            return shape.Aggregate((long)dtype.ElementSize(), (product, size) => checked(product * size));
        }
        catch (OverflowException error)
        {
            throw new SeaException($"{path}: tensor '{name}' of {dtype} [{string.Join(", ", shape)}] is larger than any file.", inner: error);
        }
    }

    /// <summary>The tensors cover the data exactly: in order, without holes, overlaps or a rest.</summary>
    private static void CheckPlaces(string path, IEnumerable<TensorInfo> tensors, long dataLength)
    {
        long covered = 0;
        foreach (TensorInfo tensor in tensors.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End))
        {
            if (tensor.Begin != covered)
            {
                string what = tensor.Begin < covered ? "overlaps the tensor before it" : "leaves a hole before it";
                throw Malformed(path, tensor.Name, $"starts at byte {tensor.Begin}, expected {covered}: it {what}");
            }

            covered = tensor.End;
            if (covered > dataLength)
            {
                throw Malformed(path, tensor.Name, $"ends at byte {covered}, past the end of the data at {dataLength}: the file is cut short");
            }
        }

        if (covered != dataLength)
        {
            throw Malformed(path, $"the tensors end at byte {covered}, the data at {dataLength}");
        }
    }

    private static SeaException Malformed(string path, string reason) =>
        new($"{path}: {reason}.", "The file is damaged or not safetensors; get it again.");

    private static SeaException Malformed(string path, string name, string reason) =>
        new($"{path}: tensor '{name}' {reason}.", "The file is damaged or not safetensors; get it again.");
}
