using SeaCluster.Models.Safetensors;
using SeaCluster.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Tests.Safetensors;

public sealed class SafetensorsTensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ScalarType.Float64, SafetensorsDtype.F64)]
    [InlineData(ScalarType.Float32, SafetensorsDtype.F32)]
    [InlineData(ScalarType.Float16, SafetensorsDtype.F16)]
    [InlineData(ScalarType.BFloat16, SafetensorsDtype.BF16)]
    [InlineData(ScalarType.Int64, SafetensorsDtype.I64)]
    [InlineData(ScalarType.Int32, SafetensorsDtype.I32)]
    [InlineData(ScalarType.Int16, SafetensorsDtype.I16)]
    [InlineData(ScalarType.Int8, SafetensorsDtype.I8)]
    [InlineData(ScalarType.Byte, SafetensorsDtype.U8)]
    [InlineData(ScalarType.Bool, SafetensorsDtype.BOOL)]
    public void WhatIsWrittenIsLoaded(ScalarType dtype, SafetensorsDtype stored)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = tensor(new float[] { 0, 1, 2, 3, 0, 5 }).view(2, 3).to(dtype);
        string path = _folder.File("t.safetensors");
        SafetensorsWriter.Write(path, [("turned", values.t()), ("scalar", values[1, 2]), ("none", values.narrow(0, 0, 0))]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        file.Info("turned").Dtype.ShouldBe(stored);
        Tensor turned = file.Load("turned");
        turned.shape.ShouldBe([3, 2]);
        turned.dtype.ShouldBe(dtype);
        turned.to(float32).allclose(values.t().to(float32), 0, 0).ShouldBeTrue();
        file.Load("scalar", float32).item<float>().ShouldBe(dtype == ScalarType.Bool ? 1 : 5);
        file.Load("none").shape.ShouldBe([0, 3]);
    }

    [Fact]
    public void ConvertsWhileLoading()
    {
        using DisposeScope scope = NewDisposeScope();
        using Checkpoint half = Checkpoint.Open(Repository.Fixture("llava", "hub-layout"));
        using Checkpoint full = Checkpoint.Open(Repository.Fixture("llava", "model"));
        Tensor head = half.Load("language_model.lm_head.weight", float32);
        head.dtype.ShouldBe(float32);
        head.allclose(full.Load("language_model.lm_head.weight").to(bfloat16).to(float32), 0, 0).ShouldBeTrue();
    }

    [Fact]
    public void LoadingLeavesOneTensorInTheCallersScope()
    {
        using SafetensorsFile file = SafetensorsFile.Open(Repository.Fixture("llava", "model", "model.safetensors"));
        using DisposeScope scope = NewDisposeScope();
        for (int i = 1; i <= 10; i++)
        {
            file.Load(file.Names[0], i % 2 == 0 ? bfloat16 : null);
            scope.DisposablesCount.ShouldBe(i);
        }
    }

    [Fact]
    public void TensorsOutliveTheFile()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor loaded;
        using (SafetensorsFile file = SafetensorsFile.Open(Repository.Fixture("llava", "model", "model.safetensors")))
        {
            loaded = file.Load("language_model.lm_head.weight");
        }

        loaded.abs().max().item<float>().ShouldBeInRange(0.1f, 10);
    }

    [Theory]
    [InlineData(SafetensorsDtype.F8_E4M3)]
    [InlineData(SafetensorsDtype.F8_E5M2)]
    [InlineData(SafetensorsDtype.U16)]
    public void RefusesTypesThatItDoesNotComputeWith(SafetensorsDtype dtype)
    {
        string path = _folder.File("t.safetensors");
        SafetensorsWriter.Write(path, [RawTensor.Of("w", dtype, [2], new byte[2 * dtype.ElementSize()])]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Should.Throw<SeaException>(() => file.Load("w")).Message.ShouldBe($"{path}: tensor 'w' is stored as {dtype}, which is not computed with.");
    }

    [Fact]
    public void RefusesTruthValuesThatAreNone()
    {
        string path = _folder.File("t.safetensors");
        SafetensorsWriter.Write(path, [RawTensor.Of("mask", SafetensorsDtype.BOOL, [3], new byte[] { 0, 1, 2 })]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Should.Throw<SeaException>(() => file.Load("mask")).Message.ShouldBe($"{path}: tensor 'mask' of BOOL holds other bytes than 0 and 1.");
    }

    [Fact]
    public void WritesParametersThatNeedGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = ones(2, 2).requires_grad_();
        string path = _folder.File("t.safetensors");
        SafetensorsWriter.Write(path, [("w", weight)]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        file.Load("w").requires_grad.ShouldBeFalse();
        file.Load("w").sum().item<float>().ShouldBe(4);
    }
}
