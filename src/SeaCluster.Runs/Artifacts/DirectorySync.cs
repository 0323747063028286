using System.Runtime.InteropServices;

namespace SeaCluster.Runs.Artifacts;

/// <summary>Makes a rename durable: on POSIX systems a new name is on the disk only once its folder was synced.</summary>
internal static partial class DirectorySync
{
    private const int ReadOnly = 0;

    /// <exception cref="IOException">The folder cannot be opened or synced.</exception>
    public static void Flush(string folder)
    {
        // Windows journals names itself and offers no such call.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int handle = Open(folder, ReadOnly);
        if (handle < 0)
        {
            throw new IOException($"{folder}: cannot open the folder to sync it: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        int result = Sync(handle);
        string reason = Marshal.GetLastPInvokeErrorMessage();
        _ = Close(handle);
        if (result != 0)
        {
            throw new IOException($"{folder}: cannot sync the folder: {reason}");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int handle);
}
