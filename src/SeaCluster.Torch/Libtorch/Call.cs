using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;

namespace SeaCluster.Torch.Libtorch;

/// <summary>
/// Calls operators of libtorch by their schema names: <c>"add.Tensor"</c> is aten::add's overload Tensor, <c>"sea::swiglu"</c> is
/// one of our own. Arguments left out at the end take the schema's defaults.
/// </summary>
internal static unsafe class Call
{
    private const int StackWords = 64;
    private static readonly ConcurrentDictionary<string, nint> Operators = new(StringComparer.Ordinal);

    /// <summary>The operator's only tensor.</summary>
    internal static torch.Tensor One(string op, params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Run(op, args, &result, 1);
        return new torch.Tensor((nint)result.Bits);
    }

    /// <summary>Runs an operator that changes its first argument, and returns that argument.</summary>
    internal static torch.Tensor InPlace(string op, torch.Tensor self, params ReadOnlySpan<Arg> args)
    {
        Span<Arg> all = [self, default, default, default, default, default, default, default];
        args.CopyTo(all[1..]);
        NativeValue result;
        Run(op, all[..(args.Length + 1)], &result, 1);
        Native.Dispose((nint)result.Bits);
        return self;
    }

    internal static (torch.Tensor, torch.Tensor) Two(string op, params ReadOnlySpan<Arg> args)
    {
        var results = stackalloc NativeValue[2];
        Run(op, args, results, 2);
        return (new torch.Tensor((nint)results[0].Bits), new torch.Tensor((nint)results[1].Bits));
    }

    internal static (torch.Tensor, torch.Tensor, torch.Tensor) Three(string op, params ReadOnlySpan<Arg> args)
    {
        var results = stackalloc NativeValue[3];
        Run(op, args, results, 3);
        return (new torch.Tensor((nint)results[0].Bits), new torch.Tensor((nint)results[1].Bits), new torch.Tensor((nint)results[2].Bits));
    }

    internal static torch.Tensor[] Many(string op, params ReadOnlySpan<Arg> args)
    {
        var count = (int)Run(op, args, null, 0);
        var values = new NativeValue[count];
        fixed (NativeValue* at = values)
        {
            _ = Native.Results(at);
        }

        return Array.ConvertAll(values, value => new torch.Tensor((nint)value.Bits));
    }

    /// <summary>A number or a truth value: what <c>item</c>, <c>equal</c> and the like return.</summary>
    internal static NativeValue Value(string op, params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Run(op, args, &result, 1);
        return result;
    }

    private static long Run(string op, ReadOnlySpan<Arg> args, NativeValue* results, int capacity)
    {
        var words = 0;
        foreach (ref readonly var arg in args)
        {
            words += arg.Words;
        }

        Span<long> storage = words <= StackWords ? stackalloc long[StackWords] : new long[words];
        var values = stackalloc NativeValue[args.Length];
        fixed (long* start = storage)
        {
            var free = start;
            for (var i = 0; i < args.Length; i++)
            {
                values[i] = Encode(in args[i], ref free);
            }

            return Native.Check(Native.Call(Operators.GetOrAdd(op, Find), values, args.Length, results, capacity));
        }
    }

    private static NativeValue Encode(in Arg arg, ref long* free)
    {
        var value = new NativeValue { Tag = arg.Tag, Count = arg.Count, Bits = arg.Bits };
        switch (arg.Tag)
        {
            case Tag.Tensor:
                value.Bits = ((torch.Tensor)arg.Reference!).Handle;
                break;
            case Tag.Generator:
                value.Bits = ((torch.Generator)arg.Reference!).Handle;
                break;
            case Tag.Ints:
                value.Bits = (long)free;
                ((long[])arg.Reference!).CopyTo(new Span<long>(free, arg.Count));
                break;
            case Tag.Doubles:
                value.Bits = (long)free;
                ((double[])arg.Reference!).CopyTo(new Span<double>(free, arg.Count));
                break;
            case Tag.Tensors or Tag.OptionalTensors:
                value.Bits = (long)free;
                var list = (IReadOnlyList<torch.Tensor?>)arg.Reference!;
                for (var i = 0; i < arg.Count; i++)
                {
                    free[i] = list[i] is { } tensor ? tensor.Handle : arg.Tag == Tag.OptionalTensors ? 0 : throw new ArgumentNullException($"tensors[{i}]");
                }

                break;
            case Tag.String:
                value.Bits = (long)free;
                Encoding.UTF8.GetBytes((string)arg.Reference!, new Span<byte>(free, arg.Words * sizeof(long)));
                break;
        }

        free += arg.Words;
        return value;
    }

    private static nint Find(string op)
    {
        var space = op.IndexOf("::", StringComparison.Ordinal);
        var (library, rest) = space < 0 ? ("aten", op) : (op[..space], op[(space + 2)..]);
        var dot = rest.IndexOf('.', StringComparison.Ordinal);
        var (name, overload) = dot < 0 ? (rest, "") : (rest[..dot], rest[(dot + 1)..]);
        Native.Check(Native.Operator(library + "::" + name, overload, out var handle));
        return handle;
    }
}
