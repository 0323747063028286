using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SeaCluster.Models.Safetensors;
using SeaCluster.Tests;

namespace SeaCluster.Models.Tests.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WritesTheSameBytesWhateverTheOrder()
    {
        RawTensor[] tensors =
        [
            RawTensor.Of("b", SafetensorsDtype.U8, [3], new byte[] { 1, 2, 3 }),
            RawTensor.Of("a", SafetensorsDtype.F32, [1, 2], new byte[8]),
            RawTensor.Of("c", SafetensorsDtype.F32, [], new byte[] { 9, 9, 9, 9 }),
        ];
        Dictionary<string, string> metadata = new() { ["z"] = "ü\n", ["format"] = "pt" };
        SafetensorsWriter.Write(_folder.File("1"), tensors, metadata);
        SafetensorsWriter.Write(_folder.File("2"), tensors.Reverse(), metadata.Reverse().ToDictionary());
        byte[] bytes = File.ReadAllBytes(_folder.File("1"));
        File.ReadAllBytes(_folder.File("2")).ShouldBe(bytes);

        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        (header % 8).ShouldBe(0);
        Encoding.UTF8.GetString(bytes, 8, header).TrimEnd(' ').ShouldBe(
            """{"__metadata__":{"format":"pt","z":"ü\n"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"c":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"b":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}""");
        bytes[^3..].ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void RewritesAFileWithoutLoadingIt()
    {
        using SafetensorsFile source = SafetensorsFile.Open(Repository.Fixture("llava", "model", "model.safetensors"));
        SafetensorsWriter.Write(_folder.File("copy"), source.Names.Select(name => RawTensor.Of(source, name, "x." + name)), source.Metadata);
        using SafetensorsFile copy = SafetensorsFile.Open(_folder.File("copy"));
        copy.Names.Count.ShouldBe(source.Names.Count);
        foreach (string name in source.Names)
        {
            copy.Info("x." + name).Shape.ShouldBe(source.Info(name).Shape);
            copy.Bytes("x." + name).SequenceEqual(source.Bytes(name)).ShouldBeTrue(name);
        }
    }

    [Fact]
    public void RefusesARepeatedNameAndAWrongNumberOfBytesAndLeavesNoFile()
    {
        RawTensor good = RawTensor.Of("a", SafetensorsDtype.U8, [1], new byte[1]);
        string path = _folder.File("bad.safetensors");
        Should.Throw<SeaException>(() => SafetensorsWriter.Write(path, [good, good])).Message.ShouldContain("'a' is given twice");
        Should.Throw<SeaException>(() => SafetensorsWriter.Write(path, [good with { Name = "b", Shape = [2] }]))
            .Message.ShouldBe($"{path}: tensor 'b' of U8 [2] needs 2 bytes, got 1.");
        Directory.EnumerateFileSystemEntries(_folder.Path).ShouldBeEmpty();
    }

    [Property(MaxTest = 100)]
    public Property WhatIsWrittenIsRead(NonNull<string>[] names, int seed)
    {
        Random random = new(seed);
        string[] distinct = [.. names.Select(name => name.Get).Where(WellFormed).Where(name => name != "__metadata__").Distinct(StringComparer.Ordinal)];
        SafetensorsDtype[] dtypes = Enum.GetValues<SafetensorsDtype>();
        List<(RawTensor Tensor, byte[] Bytes)> written = [];
        foreach (string name in distinct)
        {
            SafetensorsDtype dtype = dtypes[random.Next(dtypes.Length)];
            long[] shape = [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(5))];
            byte[] bytes = new byte[shape.Aggregate((long)dtype.ElementSize(), (product, size) => product * size)];
            random.NextBytes(bytes);
            written.Add((RawTensor.Of(name, dtype, shape, bytes), bytes));
        }

        Dictionary<string, string> metadata = distinct.ToDictionary(name => name, name => name + "!", StringComparer.Ordinal);
        string path = _folder.File("property");
        SafetensorsWriter.Write(path, written.Select(pair => pair.Tensor), metadata);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return (file.Names.SequenceEqual(distinct.Order(StringComparer.Ordinal))
            && metadata.All(pair => file.Metadata[pair.Key] == pair.Value)
            && written.All(pair => file.Info(pair.Tensor.Name).Dtype == pair.Tensor.Dtype
                && file.Info(pair.Tensor.Name).Shape.SequenceEqual(pair.Tensor.Shape)
                && file.Bytes(pair.Tensor.Name).SequenceEqual(pair.Bytes))).ToProperty();
    }

    private static bool WellFormed(string text) => text.EnumerateRunes().All(rune => rune.Value != 0xFFFD);
}
