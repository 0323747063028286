using System.Runtime.InteropServices;
using SeaCluster.Torch.Libtorch;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    /// <content>The numbers of a tensor as .NET sees them.</content>
    public partial class Tensor
    {
        /// <summary>The memory of a contiguous tensor on the CPU.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                var description = Describe();
                var total = description.Elements * description.ElementSize;
                if (!description.IsContiguous)
                {
                    throw new InvalidOperationException("bytes needs a contiguous tensor: call contiguous() first.");
                }

                if ((DeviceType)description.DeviceType != DeviceType.CPU)
                {
                    throw new InvalidOperationException("bytes needs a tensor on the CPU: call cpu() first.");
                }

                if (total > int.MaxValue)
                {
                    throw new ArgumentException($"bytes spans at most {int.MaxValue} bytes; this tensor has {total}. Take it in slices.");
                }

                return new Span<byte>((void*)DataPointer(), (int)total);
            }

            set
            {
                var target = bytes;
                if (target.Length != value.Length)
                {
                    throw new ArgumentException($"{value.Length} bytes were given for a tensor of {target.Length}.", nameof(value));
                }

                value.CopyTo(target);
            }
        }

        public TensorAccessor<T> data<T>()
            where T : unmanaged
        {
            var stored = dtype;
            if (!Holds(typeof(T), stored))
            {
                throw new ArgumentException($"{typeof(T).Name} is not compatible with {stored}");
            }

            return new TensorAccessor<T>(device_type == DeviceType.CPU ? this : cpu());
        }

        public T item<T>()
            where T : unmanaged =>
            NumberOfElements == 1
                ? data<T>()[0]
                : throw new ArgumentException($"Number of elements in the tensor must be 1, and is {NumberOfElements}.");

        public Scalar ToScalar() => Scalar.From(Call.Value("item", this));

        internal nint DataPointer()
        {
            Native.Check(Native.Data(Handle, out var data));
            GC.KeepAlive(this);
            return data;
        }

        private static bool Holds(Type type, ScalarType stored) => stored switch
        {
            ScalarType.Byte => type == typeof(byte),
            ScalarType.Int8 => type == typeof(sbyte),
            ScalarType.Int16 => type == typeof(short),
            ScalarType.Int32 => type == typeof(int),
            ScalarType.Int64 => type == typeof(long),
            ScalarType.Float16 => type == typeof(Half),
            ScalarType.Float32 => type == typeof(float),
            ScalarType.Float64 => type == typeof(double),
            ScalarType.Bool => type == typeof(bool),
            _ => false,
        };

        /// <summary>Shape, type and device, and the values of a small tensor.</summary>
        public override string ToString()
        {
            if (IsInvalid)
            {
                return "(disposed tensor)";
            }

            var summary = $"[{string.Join("x", shape)}], type = {dtype}, device = {device}";
            if (numel() is 0 or > 16)
            {
                return summary;
            }

            using var host = detach();
            using var values = host.to(ScalarType.Float64, CPU);
            return $"{summary}, value = [{string.Join(", ", values.data<double>().Select(x => x.ToString("G6", System.Globalization.CultureInfo.InvariantCulture)))}]";
        }
    }
}
