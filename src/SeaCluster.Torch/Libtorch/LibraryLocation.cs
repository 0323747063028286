using System.Reflection;
using System.Runtime.InteropServices;

namespace SeaCluster.Torch.Libtorch;

/// <summary>Where libsea_torch.so is: SEA_TORCH_LIBRARY, beside the assembly, or native/out of the repository that holds it.</summary>
internal static unsafe class LibraryLocation
{
    private const string FileName = "libsea_torch.so";
    private static readonly Lazy<nint> Library = new(LoadWithAllCores);
    private static int registered;

    internal static void Register()
    {
        if (Interlocked.Exchange(ref registered, 1) == 0)
        {
            NativeLibrary.SetDllImportResolver(typeof(LibraryLocation).Assembly, Resolve);
        }
    }

    // Asked once for every imported function, so what is done on loading must not be done here: it would undo a thread count set meanwhile.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == "sea_torch" ? Library.Value : 0;

    private static nint LoadWithAllCores()
    {
        var candidates = Candidates();
        var found = candidates.Find(File.Exists)
            ?? throw new DllNotFoundException(
                $"The native tensor library {FileName} was not found at {string.Join(", ", candidates)}. Run ./sea setup to build it, or set SEA_TORCH_LIBRARY to its path.");
        var handle = Load(found);

        // libtorch's own default can be one thread; ours is the cores this process may use.
        var setThreads = (delegate* unmanaged<int, long>)NativeLibrary.GetExport(handle, "sea_set_threads");
        _ = setThreads(Environment.ProcessorCount);
        return handle;
    }

    private static nint Load(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException error)
        {
            throw new DllNotFoundException($"{path} could not be loaded. Run ./sea setup to install libtorch and build the library anew. {error.Message}", error);
        }
    }

    private static List<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("SEA_TORCH_LIBRARY") is { Length: > 0 } chosen)
        {
            return [chosen];
        }

        List<string> candidates = [Path.Combine(AppContext.BaseDirectory, FileName)];
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "native", "CMakeLists.txt")))
            {
                candidates.Add(Path.Combine(folder.FullName, "native", "out", FileName));
            }
        }

        return candidates;
    }
}
