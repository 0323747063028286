using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

/// <summary>A number without a tensor: takes part in type promotion by its category only.</summary>
public sealed class Scalar : IDisposable
{
    private readonly torch.ScalarType category;
    private readonly long whole;
    private readonly double real;

    internal Scalar(long value, torch.ScalarType category)
    {
        this.category = category;
        whole = value;
        real = value;
    }

    internal Scalar(double value)
    {
        category = torch.ScalarType.Float64;
        real = value;
        whole = (long)value;
    }

    public torch.ScalarType Type => category;

    internal long Whole => whole;

    internal double Real => real;

    public void Dispose()
    {
        // Nothing native is held; the method exists because TorchSharp's scalar holds a handle.
    }

    public static implicit operator Scalar(byte value) => new(value, torch.ScalarType.Int64);

    public static implicit operator Scalar(sbyte value) => new(value, torch.ScalarType.Int64);

    public static implicit operator Scalar(short value) => new(value, torch.ScalarType.Int64);

    public static implicit operator Scalar(int value) => new(value, torch.ScalarType.Int64);

    public static implicit operator Scalar(long value) => new(value, torch.ScalarType.Int64);

    public static implicit operator Scalar(Half value) => new((double)value);

    public static implicit operator Scalar(float value) => new(value);

    public static implicit operator Scalar(double value) => new(value);

    public static implicit operator Scalar(bool value) => new(value ? 1 : 0, torch.ScalarType.Bool);

    internal static Scalar From(NativeValue value) => value.Tag switch
    {
        Tag.Double => new Scalar(value.AsDouble),
        Tag.Bool => new Scalar(value.Bits, torch.ScalarType.Bool),
        _ => new Scalar(value.Bits, torch.ScalarType.Int64),
    };

    internal Arg ToArg() => category switch
    {
        torch.ScalarType.Float64 => real,
        torch.ScalarType.Bool => whole != 0,
        _ => whole,
    };
}

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;

    public static Scalar ToScalar(this sbyte value) => value;

    public static Scalar ToScalar(this short value) => value;

    public static Scalar ToScalar(this int value) => value;

    public static Scalar ToScalar(this long value) => value;

    public static Scalar ToScalar(this float value) => value;

    public static Scalar ToScalar(this double value) => value;

    public static Scalar ToScalar(this bool value) => value;

    public static Scalar ToScalar(this Half value) => value;

    public static float ToSingle(this Scalar value) => (float)value.Real;

    public static double ToDouble(this Scalar value) => value.Real;

    public static Half ToHalf(this Scalar value) => (Half)value.Real;

    public static sbyte ToSByte(this Scalar value) => (sbyte)value.Whole;

    public static byte ToByte(this Scalar value) => (byte)value.Whole;

    public static short ToInt16(this Scalar value) => (short)value.Whole;

    public static int ToInt32(this Scalar value) => (int)value.Whole;

    public static long ToInt64(this Scalar value) => value.Whole;

    public static bool ToBoolean(this Scalar value) => value.Real != 0;
}
