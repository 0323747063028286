using System.Runtime.InteropServices;
using TorchSharp;

namespace SeaCluster.Torch.Libtorch;

/// <summary>The kinds of an operator's argument or result. Mirrors sea::Tag in native/sea_torch.h.</summary>
internal enum Tag
{
    None = 0,
    Tensor = 1,
    Int = 2,
    Double = 3,
    Bool = 4,
    Ints = 5,
    Tensors = 6,
    OptionalTensors = 7,
    Device = 8,
    String = 9,
    Generator = 10,
    Doubles = 11,
    Default = 12,
}

/// <summary>Mirrors sea::Value: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeValue
{
    public Tag Tag;
    public int Count;
    public long Bits;

    public readonly double AsDouble => BitConverter.Int64BitsToDouble(Bits);
}

/// <summary>One argument on its way to an operator: numbers in place, everything else by reference.</summary>
internal readonly struct Arg
{
    /// <summary>Leaves the schema's default.</summary>
    internal static readonly Arg Default = new(Tag.Default, 0);

    /// <summary>Python's None.</summary>
    internal static readonly Arg None = new(Tag.None, 0);

    private Arg(Tag tag, long bits, object? reference = null, int count = 0)
    {
        Tag = tag;
        Bits = bits;
        Reference = reference;
        Count = count;
    }

    internal Tag Tag { get; }

    internal int Count { get; }

    internal long Bits { get; }

    internal object? Reference { get; }

    internal static Arg List(IReadOnlyList<torch.Tensor> tensors) => new(Tag.Tensors, 0, tensors, tensors.Count);

    internal static Arg List(IList<torch.Tensor> tensors) =>
        tensors is IReadOnlyList<torch.Tensor> list ? List(list) : List((IReadOnlyList<torch.Tensor>)[.. tensors]);

    /// <summary>A list with gaps, as indexing takes it.</summary>
    internal static Arg OptionalList(IReadOnlyList<torch.Tensor?> tensors) => new(Tag.OptionalTensors, 0, tensors, tensors.Count);

    public static implicit operator Arg(torch.Tensor? value) => value is null ? None : new Arg(Tag.Tensor, 0, value);

    public static implicit operator Arg(long value) => new(Tag.Int, value);

    public static implicit operator Arg(long? value) => value is { } v ? v : None;

    public static implicit operator Arg(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));

    public static implicit operator Arg(double? value) => value is { } v ? v : None;

    public static implicit operator Arg(bool value) => new(Tag.Bool, value ? 1 : 0);

    public static implicit operator Arg(torch.ScalarType value) => new(Tag.Int, (long)value);

    public static implicit operator Arg(torch.ScalarType? value) => value is { } v ? v : None;

    public static implicit operator Arg(Scalar? value) => value is null ? None : value.ToArg();

    public static implicit operator Arg(long[]? value) => value is null ? None : new Arg(Tag.Ints, 0, value, value.Length);

    public static implicit operator Arg(ReadOnlySpan<long> value) => value.ToArray();

    public static implicit operator Arg(double[]? value) => value is null ? None : new Arg(Tag.Doubles, 0, value, value.Length);

    public static implicit operator Arg(string? value) => value is null ? None : new Arg(Tag.String, 0, value, System.Text.Encoding.UTF8.GetByteCount(value));

    public static implicit operator Arg(torch.Device? value) => value is null ? None : new Arg(Tag.Device, value.index, null, (int)value.type);

    public static implicit operator Arg(torch.Generator? value) => value is null ? None : new Arg(Tag.Generator, 0, value);

    /// <summary>The 8-byte words of list storage this argument needs.</summary>
    internal int Words => Tag switch
    {
        Tag.Ints or Tag.Doubles or Tag.Tensors or Tag.OptionalTensors => Count,
        Tag.String => (Count + 7) / 8,
        _ => 0,
    };
}
