using System.Runtime.InteropServices;

namespace SeaCluster.Server.Driving;

/// <summary>Asks processes to end.</summary>
internal static partial class Signals
{
    // Not SIGINT: a shell starts its background jobs with that one ignored, and their children inherit it. The command takes both alike.
    private const int Terminate = 15;

    /// <summary>Asks a process to stop in a state from which it can go on; false where there is none, or the system has no such request.</summary>
    public static bool AskToEnd(int process) => !OperatingSystem.IsWindows() && process > 0 && Kill(process, Terminate) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
