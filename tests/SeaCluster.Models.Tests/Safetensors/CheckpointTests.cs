using SeaCluster.Models.Safetensors;
using SeaCluster.Tests;

namespace SeaCluster.Models.Tests.Safetensors;

public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadsOneFile()
    {
        using Checkpoint checkpoint = Checkpoint.Open(Repository.Fixture("llava", "model"));
        checkpoint.Files.ShouldBe([Repository.Fixture("llava", "model", "model.safetensors")]);
        checkpoint.Info("language_model.lm_head.weight").Shape.ShouldBe([640, 64]);
    }

    [Fact]
    public void ReadsShards()
    {
        using Checkpoint checkpoint = Checkpoint.Open(Repository.Fixture("llava", "hub-layout"));
        checkpoint.Files.Select(Path.GetFileName).ShouldBe(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]);
        checkpoint.Names.Select(name => checkpoint.Info(name).Dtype).Distinct().ShouldBe([SafetensorsDtype.BF16]);
        checkpoint.Names.Sum(name => checkpoint.Bytes(name, 0, int.MaxValue).Length)
            .ShouldBe(checkpoint.Names.Sum(name => (int)checkpoint.Info(name).Length));
        checkpoint.Names.Select(name => checkpoint.FileOf(name).Path).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public void NamesAMissingShard()
    {
        string index = _folder.Write(Checkpoint.IndexFile, """{"weight_map":{"a":"model-1.safetensors"}}""");
        SeaException error = Should.Throw<SeaException>(() => Checkpoint.Open(_folder.Path));
        error.Message.ShouldBe($"{index}: names the shard 'model-1.safetensors', which is not in {_folder.Path}.");
    }

    [Fact]
    public void NamesATensorThatItsShardLacks()
    {
        SafetensorsWriter.Write(_folder.File("model-1.safetensors"), [RawTensor.Of("a", SafetensorsDtype.U8, [1], new byte[1])]);
        string index = _folder.Write(Checkpoint.IndexFile, """{"weight_map":{"a":"model-1.safetensors","b":"model-1.safetensors"}}""");
        Should.Throw<SeaException>(() => Checkpoint.Open(_folder.Path)).Message
            .ShouldBe($"{index}: says that tensor 'b' is in 'model-1.safetensors', which lacks it.");
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"../secret.safetensors"}}""", "tensor 'a' must name a file of the same folder, found \"../secret.safetensors\"")]
    [InlineData("""{"weight_map":{"a":7}}""", "tensor 'a' must name a file of the same folder, found 7")]
    [InlineData("""{"weight_map":{}}""", "'weight_map' names no tensor")]
    [InlineData("""{"weight_map":[]}""", "has no object 'weight_map'")]
    [InlineData("""{"weight_map":""", "cannot be read as JSON")]
    public void RefusesAMalformedIndex(string index, string reason)
    {
        string path = _folder.Write(Checkpoint.IndexFile, index);
        string message = Should.Throw<SeaException>(() => Checkpoint.Open(_folder.Path)).Message;
        message.ShouldStartWith(path);
        message.ShouldContain(reason);
    }

    [Fact]
    public void SaysWhatAFolderWithoutWeightsLacks()
    {
        _folder.Write("pytorch_model.bin", "x");
        SeaException error = Should.Throw<SeaException>(() => Checkpoint.Open(_folder.Path));
        error.Message.ShouldBe($"{_folder.Path}: found neither model.safetensors nor model.safetensors.index.json.");
        error.Hint.ShouldBe("Convert its pytorch_model files to safetensors; pickles are not read.");
    }
}
