using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SeaCluster.Models.Safetensors;
using SeaCluster.Tests;

namespace SeaCluster.Models.Tests.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private const string Four = """{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadsAFileOfTheReferenceLibrary()
    {
        using SafetensorsFile file = SafetensorsFile.Open(Repository.Fixture("llava", "model", "model.safetensors"));
        file.Metadata["format"].ShouldBe("pt");
        TensorInfo head = file.Info("language_model.lm_head.weight");
        head.Dtype.ShouldBe(SafetensorsDtype.F32);
        head.Shape.ShouldBe([640, 64]);
        head.Elements.ShouldBe(640 * 64);
        file.Names.ShouldBe(file.Names.Order(StringComparer.Ordinal));
        MemoryMarshal.Cast<byte, float>(file.Bytes("language_model.lm_head.weight")).ToArray().ShouldAllBe(value => Math.Abs(value) < 10);
        file.Bytes("language_model.lm_head.weight", 640 * 64 * 4 - 3, 100).Length.ShouldBe(3);
    }

    [Theory]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"t":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}""", "tensor 't' appears twice")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "tensor 't' of F32 [2] needs 8 bytes, its data_offsets [0, 4] hold 4")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "tensor 't' ends at byte 8, past the end of the data at 4: the file is cut short")]
    [InlineData("""{"t":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"u":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "tensor 'u' starts at byte 2, expected 3: it overlaps the tensor before it")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"u":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", "tensor 'u' starts at byte 2, expected 1: it leaves a hole before it")]
    [InlineData("""{"t":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}""", "the tensors end at byte 3, the data at 4")]
    [InlineData("""{"t":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}""", "tensor 't' has a shape with an entry that is not a whole number")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", "tensor 't' has a shape with an entry that is not a whole number")]
    [InlineData("""{"t":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", "tensor 't' of F32 [4294967296, 4294967296] is larger than any file")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", "tensor 't' of F32 [1] needs 4 bytes, its data_offsets [4, 0] hold -4")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551616]}}""", "tensor 't' has a data_offsets with an entry")]
    [InlineData("""{"t":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", "tensor 't' has the dtype 'F31', known are BOOL, U8")]
    [InlineData("""{"t":{"dtype":"2","shape":[4],"data_offsets":[0,4]}}""", "tensor 't' has the dtype '2'")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1]}}""", "tensor 't' needs dtype, shape and data_offsets")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", "tensor 't' has the key 'shape' twice")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"strides":[1]}}""", "tensor 't' has the unknown key 'strides'")]
    [InlineData("""{"t":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", "tensor 't' has a shape with an entry")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", "tensor 't' has a shape with more than 32 entries")]
    [InlineData("""{"t":[]}""", "tensor 't' is not an object")]
    [InlineData("""{"__metadata__":{"a":1},"t":""" + Four + "}", "__metadata__ 'a' is not a string")]
    [InlineData("""{"__metadata__":{},"__metadata__":{},"t":""" + Four + "}", "__metadata__ appears twice")]
    [InlineData("""{"t":""" + Four, "is not valid JSON")]
    [InlineData("""{"t":""" + Four + "} x", "is not valid JSON")]
    [InlineData("""{"\ud800":""" + Four + "}", "is not valid JSON")]
    [InlineData("[]", "the header is not a JSON object")]
    [InlineData("", "is not valid JSON")]
    public void RefusesAMalformedHeader(string header, string reason)
    {
        string path = WriteFile((ulong)Encoding.UTF8.GetByteCount(header), header, dataBytes: 4);
        SeaException error = Should.Throw<SeaException>(() => SafetensorsFile.Open(path));
        error.Message.ShouldStartWith(path);
        error.Message.ShouldContain(reason);
    }

    [Theory]
    [InlineData(100UL, "the header claims 100 bytes, only 6 follow")]
    [InlineData(100_000_001UL, "the header claims 100000001 bytes, the format allows 100000000")]
    [InlineData(ulong.MaxValue, "the header claims 18446744073709551615 bytes")]
    public void RefusesAHeaderLengthPastTheEnd(ulong length, string reason)
    {
        string path = WriteFile(length, "{}", dataBytes: 4);
        Should.Throw<SeaException>(() => SafetensorsFile.Open(path)).Message.ShouldContain(reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void RefusesAFileShorterThanItsLengthField(int bytes)
    {
        string path = _folder.File("short.safetensors");
        File.WriteAllBytes(path, new byte[bytes]);
        Should.Throw<SeaException>(() => SafetensorsFile.Open(path)).Message.ShouldBe(
            $"{path}: a safetensors file starts with 8 bytes of header length, the file has {bytes} bytes.");
    }

    [Fact]
    public void NamesWhatIsMissing()
    {
        Should.Throw<SeaException>(() => SafetensorsFile.Open(_folder.File("none.safetensors"))).Message.ShouldEndWith("none.safetensors: there is no such file.");
        using SafetensorsFile file = SafetensorsFile.Open(WriteFile((ulong)("{\"t\":" + Four + "}").Length, "{\"t\":" + Four + "}", 4));
        file.Contains("u").ShouldBeFalse();
        Should.Throw<SeaException>(() => file.Info("u")).Message.ShouldEndWith("there is no tensor 'u' among its 1.");
    }

    [Fact]
    public void ReadsPastTwoGibibytes()
    {
        const long rows = (1L << 31) + 64;
        string path = _folder.File("large.safetensors");
        string header = $$$"""{"big":{"dtype":"U8","shape":[{{{rows}}}],"data_offsets":[0,{{{rows}}}]},"last":{"dtype":"U8","shape":[3],"data_offsets":[{{{rows}}},{{{rows + 3}}}]}}""";
        using (FileStream stream = File.Create(path))
        {
            byte[] length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(Encoding.UTF8.GetBytes(header));
            stream.SetLength(stream.Position + rows); // a sparse file: no such space is used
            stream.Seek(0, SeekOrigin.End);
            stream.Write([1, 2, 3]);
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        file.Info("big").Length.ShouldBe(rows);
        file.Bytes("last").ToArray().ShouldBe([1, 2, 3]);
        file.Bytes("big", rows - 2, 10).ToArray().ShouldBe([0, 0]);
        Should.Throw<SeaException>(() => file.Bytes("big").Length).Message.ShouldContain("more than one span holds");
    }

    [Fact]
    public void ReadsNothingAfterDisposal()
    {
        SafetensorsFile file = SafetensorsFile.Open(Repository.Fixture("llava", "model", "model.safetensors"));
        file.Dispose();
        file.Dispose();
        Should.Throw<ObjectDisposedException>(() => file.Bytes("language_model.lm_head.weight").Length);
    }

    [Property(MaxTest = 2000)]
    public Property AnyDamageIsRefusedWithASeaExceptionOrReads(int seed)
    {
        Random random = new(seed);
        byte[] bytes = Encoding.UTF8.GetBytes("        {\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[0,12]},\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[12,20]}}" + new string('x', 20));
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 28);
        for (int flips = random.Next(1, 6); flips > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        byte[] cut = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool fine;
        try
        {
            int length = SafetensorsHeader.ReadLength("f", cut, cut.Length);
            SafetensorsHeader header = SafetensorsHeader.Parse("f", cut.AsSpan(8, length), cut.Length - 8 - length);
            fine = header.Tensors.Values.All(tensor => tensor.Begin >= 0 && tensor.End <= cut.Length - 8 - length && tensor.Length >= 0);
        }
        catch (SeaException error)
        {
            fine = error.Message.StartsWith("f: ", StringComparison.Ordinal);
        }

        return (fine && GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20).ToProperty();
    }

    private string WriteFile(ulong headerLength, string header, int dataBytes)
    {
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, headerLength);
        string path = _folder.File("made.safetensors");
        File.WriteAllBytes(path, [.. length, .. Encoding.UTF8.GetBytes(header), .. new byte[dataBytes]]);
        return path;
    }
}
