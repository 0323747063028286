using System.Runtime.InteropServices;

namespace SeaCluster.Runs.Artifacts;

/// <summary>A second name for a file's bytes.</summary>
internal static partial class HardLink
{
    /// <summary>Gives a file a second name; false where the file system cannot (another device, no links, no right to).</summary>
    public static bool TryCreate(string existing, string name) => OperatingSystem.IsWindows() ? CreateHardLink(name, existing, 0) : Link(existing, name) == 0;

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string existing, string name);

    [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLink(string name, string existing, nint security);
}
