using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

/// <content>Tensors of a shape. The type is float32 and the device the CPU unless given.</content>
public static partial class torch
{
    public static Tensor empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", size, dtype, Arg.None, device), requires_grad, names);

    public static Tensor empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", size, dtype, Arg.None, device), requires_grad, names);

    public static Tensor empty(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", new long[] { size }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor empty(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", new long[] { rows, columns }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor empty(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", new long[] { dim0, dim1, dim2 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor empty(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", new long[] { dim0, dim1, dim2, dim3 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor empty(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", new long[] { size }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor empty(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", new long[] { rows, columns }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor empty(int dim0, int dim1, int dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", new long[] { dim0, dim1, dim2 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor empty(int dim0, int dim1, int dim2, int dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("empty.memory_format", new long[] { dim0, dim1, dim2, dim3 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", size, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", size, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", new long[] { size }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", new long[] { rows, columns }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", new long[] { dim0, dim1, dim2 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", new long[] { dim0, dim1, dim2, dim3 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", new long[] { size }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", new long[] { rows, columns }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(int dim0, int dim1, int dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", new long[] { dim0, dim1, dim2 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor zeros(int dim0, int dim1, int dim2, int dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("zeros", new long[] { dim0, dim1, dim2, dim3 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", size, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", size, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", new long[] { size }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", new long[] { rows, columns }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", new long[] { dim0, dim1, dim2 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", new long[] { dim0, dim1, dim2, dim3 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(int size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", new long[] { size }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(int rows, int columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", new long[] { rows, columns }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(int dim0, int dim1, int dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", new long[] { dim0, dim1, dim2 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor ones(int dim0, int dim1, int dim2, int dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("ones", new long[] { dim0, dim1, dim2, dim3 }, dtype, Arg.None, device), requires_grad, names);

    public static Tensor full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", size, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    public static Tensor full(ReadOnlySpan<long> size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", size, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    public static Tensor full(long size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", new long[] { size }, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    public static Tensor full(long rows, long columns, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", new long[] { rows, columns }, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    public static Tensor full(long dim0, long dim1, long dim2, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", new long[] { dim0, dim1, dim2 }, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    public static Tensor full(long dim0, long dim1, long dim2, long dim3, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", new long[] { dim0, dim1, dim2, dim3 }, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    public static Tensor full(int size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", new long[] { size }, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    public static Tensor full(int rows, int columns, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", new long[] { rows, columns }, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    public static Tensor full(int dim0, int dim1, int dim2, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", new long[] { dim0, dim1, dim2 }, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    public static Tensor full(int dim0, int dim1, int dim2, int dim3, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Call.One("full", new long[] { dim0, dim1, dim2, dim3 }, value, dtype ?? Natural(value), Arg.None, device), requires_grad, names);

    // A whole number makes a whole-number tensor, as TorchSharp has it.
    private static ScalarType Natural(Scalar value) => value.Type == ScalarType.Float64 ? ScalarType.Float32 : ScalarType.Int64;

    private static Tensor Made(Tensor fresh, bool requires_grad, string[]? names = null) =>
        names is not null
            ? throw new NotSupportedException("Named dimensions exist with the TorchSharp package only.")
            : requires_grad ? fresh.requires_grad_() : fresh;
}
