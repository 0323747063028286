using System.Runtime.InteropServices;

namespace SeaCluster.Torch.Libtorch;

/// <summary>The entries of libsea_torch.so (native/*.cpp). A negative result means that <see cref="Error"/> has the message.</summary>
internal static unsafe partial class Native
{
    private const string Library = "sea_torch";

    static Native() => LibraryLocation.Register();

    [LibraryImport(Library, EntryPoint = "sea_error")]
    internal static partial byte* Error();

    [LibraryImport(Library, EntryPoint = "sea_operator", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long Operator(string name, string overload, out nint handle);

    [LibraryImport(Library, EntryPoint = "sea_call")]
    internal static partial long Call(nint handle, NativeValue* arguments, int count, NativeValue* results, int capacity);

    [LibraryImport(Library, EntryPoint = "sea_results")]
    internal static partial long Results(NativeValue* results);

    [LibraryImport(Library, EntryPoint = "sea_dispose")]
    internal static partial void Dispose(nint tensor);

    [LibraryImport(Library, EntryPoint = "sea_describe")]
    internal static partial long Describe(nint tensor, out NativeDescription description);

    [LibraryImport(Library, EntryPoint = "sea_sizes")]
    internal static partial long Sizes(nint tensor, long* sizes, long* strides);

    [LibraryImport(Library, EntryPoint = "sea_data")]
    internal static partial long Data(nint tensor, out nint data);

    [LibraryImport(Library, EntryPoint = "sea_set_requires_grad")]
    internal static partial long SetRequiresGrad(nint tensor, int requiresGrad);

    [LibraryImport(Library, EntryPoint = "sea_get_grad")]
    internal static partial long GetGrad(nint tensor, out nint grad);

    [LibraryImport(Library, EntryPoint = "sea_set_grad")]
    internal static partial long SetGrad(nint tensor, nint grad);

    [LibraryImport(Library, EntryPoint = "sea_retain_grad")]
    internal static partial long RetainGrad(nint tensor);

    [LibraryImport(Library, EntryPoint = "sea_backward")]
    internal static partial long Backward(nint* outputs, int outputCount, nint* gradients, int retainGraph, int createGraph, nint* inputs, int inputCount);

    [LibraryImport(Library, EntryPoint = "sea_gradients")]
    internal static partial long Gradients(
        nint* outputs, int outputCount, nint* inputs, int inputCount, nint* gradients, int retainGraph, int createGraph, int allowUnused, nint* results);

    [LibraryImport(Library, EntryPoint = "sea_set_grad_enabled")]
    internal static partial void SetGradEnabled(int enabled);

    [LibraryImport(Library, EntryPoint = "sea_generator")]
    internal static partial long Generator(ulong seed, int deviceType, int deviceIndex, out nint handle);

    [LibraryImport(Library, EntryPoint = "sea_default_generator")]
    internal static partial long DefaultGenerator(out nint handle);

    [LibraryImport(Library, EntryPoint = "sea_dispose_generator")]
    internal static partial void DisposeGenerator(nint handle);

    [LibraryImport(Library, EntryPoint = "sea_generator_seed")]
    internal static partial long GeneratorSeed(nint handle, int what, ref long seed);

    [LibraryImport(Library, EntryPoint = "sea_generator_state")]
    internal static partial long GeneratorState(nint handle, out nint state);

    [LibraryImport(Library, EntryPoint = "sea_set_generator_state")]
    internal static partial long SetGeneratorState(nint handle, nint state);

    [LibraryImport(Library, EntryPoint = "sea_manual_seed")]
    internal static partial long ManualSeed(long seed);

    [LibraryImport(Library, EntryPoint = "sea_version")]
    internal static partial byte* Version();

    [LibraryImport(Library, EntryPoint = "sea_configuration")]
    internal static partial long Configuration(byte* text, int capacity);

    [LibraryImport(Library, EntryPoint = "sea_set_threads")]
    internal static partial long SetThreads(int threads);

    [LibraryImport(Library, EntryPoint = "sea_set_thread_threads")]
    internal static partial long SetCurrentThreadThreads(int threads);

    [LibraryImport(Library, EntryPoint = "sea_get_threads")]
    internal static partial long GetThreads();

    [LibraryImport(Library, EntryPoint = "sea_cuda_count")]
    internal static partial long CudaCount();

    [LibraryImport(Library, EntryPoint = "sea_cuda_name")]
    internal static partial long CudaName(int device, byte* text, int capacity);

    [LibraryImport(Library, EntryPoint = "sea_cuda_synchronize")]
    internal static partial long CudaSynchronize(int device);

    [LibraryImport(Library, EntryPoint = "sea_cuda_manual_seed")]
    internal static partial long CudaManualSeed(long seed, int all);

    [LibraryImport(Library, EntryPoint = "sea_cuda_memory")]
    internal static partial long CudaMemory(int device, long* bytes);

    [LibraryImport(Library, EntryPoint = "sea_cuda_empty_cache")]
    internal static partial long CudaEmptyCache();

    /// <summary>Turns a negative result into the exception TorchSharp throws, with libtorch's message.</summary>
    internal static long Check(long result) =>
        result == long.MinValue ? throw new ExternalException(Marshal.PtrToStringUTF8((nint)Error()) ?? "libtorch failed without a message") : result;
}

/// <summary>What a tensor is, fetched in one call. Mirrors SeaDescription in native/tensor.cpp.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeDescription
{
    public int DType;
    public int DeviceType;
    public int DeviceIndex;
    public int Dimensions;
    public long Elements;
    public int ElementSize;
    public int Flags;

    public readonly bool IsContiguous => (Flags & 1) != 0;
    public readonly bool RequiresGrad => (Flags & 2) != 0;
    public readonly bool IsLeaf => (Flags & 4) != 0;
}
