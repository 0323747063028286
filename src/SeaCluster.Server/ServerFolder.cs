namespace SeaCluster.Server;

/// <summary>What a server keeps of its own in its root: a hidden folder that only its owner may read.</summary>
internal static class ServerFolder
{
    private const string Name = ".server";

    public static string At(string root, params string[] parts) => Path.Combine([Path.GetFullPath(root), Name, .. parts]);

    public static void Make(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Takes a file away from everybody but its owner.</summary>
    public static void Hide(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
