using System.Runtime.InteropServices;
using SeaCluster.Torch.Libtorch;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>An n-dimensional array on a device. Owned by the dispose scope in which it was made; the finalizer is a safety net.</summary>
    public partial class Tensor : IDisposable
    {
        private static long totalCount;
        private static long peakCount;
        private nint handle;

        internal Tensor(IntPtr handle, bool register = true)
        {
            this.handle = handle;
            if (handle == 0)
            {
                GC.SuppressFinalize(this);
                return;
            }

            var count = Interlocked.Increment(ref totalCount);
            for (var peak = peakCount; count > peak; peak = peakCount)
            {
                if (Interlocked.CompareExchange(ref peakCount, count, peak) == peak)
                {
                    break;
                }
            }

            if (register)
            {
                DisposeScope.Current?.Add(this);
            }
        }

        ~Tensor() => Dispose(false);

        /// <summary>Tensors alive in the process.</summary>
        public static long TotalCount => Interlocked.Read(ref totalCount);

        public static long PeakCount => Interlocked.Read(ref peakCount);

        public string? name { get; set; }

        public IntPtr Handle => handle != 0 ? handle : throw new InvalidOperationException("Tensor invalid -- empty handle.");

        public bool IsInvalid => handle == 0;

        internal DisposeScope? OwningDisposeScope { get; set; }

        public static Tensor UnsafeCreateTensor(IntPtr handle) => new(handle);

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            var released = Interlocked.Exchange(ref handle, 0);
            if (disposing)
            {
                OwningDisposeScope?.MarkAsDisposed(this);
            }

            if (released != 0)
            {
                Interlocked.Decrement(ref totalCount);
                Native.Dispose(released);
            }
        }

        public IntPtr DecoupleFromNativeHandle()
        {
            GC.SuppressFinalize(this);
            OwningDisposeScope?.MarkAsDisposed(this);
            var released = Interlocked.Exchange(ref handle, 0);
            if (released != 0)
            {
                Interlocked.Decrement(ref totalCount);
            }

            return released;
        }

        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is null)
            {
                other?.Attach(this);
            }
            else
            {
                OwningDisposeScope.MoveToOther(other, this);
            }

            return this;
        }

        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        public override int GetHashCode() => base.GetHashCode();

        /// <summary>The same shape and the same values.</summary>
        public bool Equals(Tensor target) => target is not null && Call.Value("equal", this, target).Bits != 0;

        public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

        public ScalarType dtype => (ScalarType)Describe().DType;

        public Device device
        {
            get
            {
                var description = Describe();
                return new Device((DeviceType)description.DeviceType, description.DeviceIndex);
            }
        }

        public DeviceType device_type => (DeviceType)Describe().DeviceType;

        public int device_index => Describe().DeviceIndex;

        public long Dimensions => Describe().Dimensions;

        public long ndim => Describe().Dimensions;

        public long NumberOfElements => Describe().Elements;

        public long ElementSize => Describe().ElementSize;

        public bool is_leaf => Describe().IsLeaf;

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_meta => device_type == DeviceType.META;

        public long[] shape => size();

        public long dim() => Describe().Dimensions;

        public long numel() => Describe().Elements;

        public long element_size() => Describe().ElementSize;

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_contiguous() => Describe().IsContiguous;

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_complex() => torch.is_complex(dtype);

        public bool is_integral() => torch.is_integral(dtype);

        public unsafe long[] size()
        {
            var sizes = new long[dim()];
            fixed (long* at = sizes)
            {
                Native.Check(Native.Sizes(Handle, at, null));
            }

            GC.KeepAlive(this);

            return sizes;
        }

        public long size(int dim)
        {
            var sizes = size();
            return sizes[Wrap(dim, sizes.Length)];
        }

        public unsafe long[] stride()
        {
            var strides = new long[dim()];
            fixed (long* at = strides)
            {
                Native.Check(Native.Sizes(Handle, null, at));
            }

            GC.KeepAlive(this);

            return strides;
        }

        public long stride(int dim)
        {
            var strides = stride();
            return strides[Wrap(dim, strides.Length)];
        }

        public long storage_offset() => Call.Value("storage_offset", this).Bits;

        internal NativeDescription Describe()
        {
            Native.Check(Native.Describe(Handle, out var description));
            GC.KeepAlive(this);
            return description;
        }

        private static int Wrap(int dim, int dimensions) =>
            dim >= -dimensions && dim < dimensions
                ? dim < 0 ? dim + dimensions : dim
                : throw new ExternalException($"Dimension out of range (expected to be in range of [{-dimensions}, {dimensions - 1}], but got {dim})");
    }

    public static bool is_tensor(object obj) => obj is Tensor;

    public static bool is_floating_point(ScalarType type) => type is ScalarType.Float16 or ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16;

    public static bool is_floating_point(Tensor input) => input.is_floating_point();

    public static bool is_complex(ScalarType type) => type is ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64;

    public static bool is_complex(Tensor input) => input.is_complex();

    public static bool is_integral(ScalarType type) =>
        type is ScalarType.Byte or ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64 or ScalarType.Bool;

    public static bool is_integral(Tensor t) => t.is_integral();

    public static long numel(Tensor input) => input.numel();
}
