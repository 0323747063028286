using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Safetensors;

/// <summary>Tensors out of safetensors files and into them.</summary>
public static class SafetensorsTensors
{
    // One span of a tensor's memory holds less than 2 GiB; a multiple of every element size.
    private const int Part = 1 << 28;

    /// <summary>Reads a tensor into memory of its own, in the current dispose scope.</summary>
    /// <param name="source">A file or checkpoint; may be disposed afterwards.</param>
    /// <param name="name">The tensor.</param>
    /// <param name="dtype">Element type wanted, or null for the stored one.</param>
    /// <param name="device">Where it should be, or null for the CPU.</param>
    /// <returns>The tensor, shaped as stored. Throws <see cref="SeaException"/> naming file and tensor for float8 and unsigned types that cannot be computed with.</returns>
    public static Tensor Load(this ITensorSource source, string name, ScalarType? dtype = null, Device? device = null)
    {
        TensorInfo info = source.Info(name);
        ScalarType stored = StoredType(source, info);
        using DisposeScope scope = NewDisposeScope();
        Tensor tensor = empty(info.Shape, dtype: stored);
        int size = info.Dtype.ElementSize();
        Tensor? flat = info.Length > 0 ? tensor.view(-1) : null;
        for (long offset = 0; offset < info.Length; offset += Part)
        {
            ReadOnlySpan<byte> bytes = source.Bytes(name, offset, Part);
            if (info.Dtype == SafetensorsDtype.BOOL && bytes.ContainsAnyExceptInRange((byte)0, (byte)1))
            {
                throw new SeaException($"{source.Path}: tensor '{name}' of BOOL holds other bytes than 0 and 1.");
            }

            using Tensor slice = flat!.narrow(0, offset / size, bytes.Length / size);
            bytes.CopyTo(slice.bytes);
        }

        if (dtype is ScalarType wanted && wanted != stored)
        {
            tensor = tensor.to(wanted);
        }

        if (device is not null && device.type != DeviceType.CPU)
        {
            tensor = tensor.to(device);
        }

        return tensor.MoveToOuterDisposeScope();
    }

    /// <summary>The element type that a tensor is stored as. Throws <see cref="SeaException"/> for complex and quantised types.</summary>
    public static SafetensorsDtype ToSafetensors(this ScalarType dtype) => dtype switch
    {
        ScalarType.Bool => SafetensorsDtype.BOOL,
        ScalarType.Byte => SafetensorsDtype.U8,
        ScalarType.Int8 => SafetensorsDtype.I8,
        ScalarType.Int16 => SafetensorsDtype.I16,
        ScalarType.Float16 => SafetensorsDtype.F16,
        ScalarType.BFloat16 => SafetensorsDtype.BF16,
        ScalarType.Int32 => SafetensorsDtype.I32,
        ScalarType.Float32 => SafetensorsDtype.F32,
        ScalarType.Int64 => SafetensorsDtype.I64,
        ScalarType.Float64 => SafetensorsDtype.F64,
        _ => throw new SeaException($"Tensors of {dtype} cannot be stored as safetensors."),
    };

    /// <summary>A tensor to write. It is read when its turn comes, so it must live until then.</summary>
    public static RawTensor ToRaw(this Tensor tensor, string name) => new(name, tensor.dtype.ToSafetensors(), [.. tensor.shape], stream =>
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable gradientsOff = no_grad();
        if (tensor.NumberOfElements == 0)
        {
            return;
        }

        Tensor flat = tensor.detach().cpu().contiguous().view(-1);
        long elements = Part / flat.ElementSize;
        for (long start = 0; start < flat.NumberOfElements; start += elements)
        {
            using Tensor slice = flat.narrow(0, start, Math.Min(elements, flat.NumberOfElements - start));
            stream.Write(slice.bytes);
        }
    });

    private static ScalarType StoredType(ITensorSource source, TensorInfo info) => info.Dtype switch
    {
        SafetensorsDtype.BOOL => ScalarType.Bool,
        SafetensorsDtype.U8 => ScalarType.Byte,
        SafetensorsDtype.I8 => ScalarType.Int8,
        SafetensorsDtype.I16 => ScalarType.Int16,
        SafetensorsDtype.F16 => ScalarType.Float16,
        SafetensorsDtype.BF16 => ScalarType.BFloat16,
        SafetensorsDtype.I32 => ScalarType.Int32,
        SafetensorsDtype.F32 => ScalarType.Float32,
        SafetensorsDtype.I64 => ScalarType.Int64,
        SafetensorsDtype.F64 => ScalarType.Float64,
        _ => throw new SeaException(
            $"{source.Path}: tensor '{info.Name}' is stored as {info.Dtype}, which is not computed with.", "Use the checkpoint in float16, bfloat16 or float32."),
    };
}
