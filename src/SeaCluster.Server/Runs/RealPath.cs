namespace SeaCluster.Server.Runs;

/// <summary>Where a path really leads.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>The path with every symbolic link in it followed, as the system would; what does not exist stays as it is written.</summary>
    /// <returns>Null where links lead in a circle.</returns>
    public static string? Of(string path)
    {
        Stack<string> ahead = new(Parts(Path.GetFullPath(path)));
        string at = Path.GetPathRoot(Path.GetFullPath(path))!;
        for (int links = 0; ahead.TryPop(out string? part);)
        {
            if (part == "..")
            {
                at = Path.GetDirectoryName(at) ?? at;
                continue;
            }

            string next = Path.Combine(at, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                at = next;
                continue;
            }

            if (++links > MostLinks)
            {
                return null;
            }

            at = Path.IsPathRooted(target) ? Path.GetPathRoot(target)! : at;
            foreach (string each in Parts(target))
            {
                ahead.Push(each);
            }
        }

        return at;
    }

    /// <summary>Whether a path is a folder or lies below it; both as <see cref="Of"/> gives them.</summary>
    public static bool IsBelow(string path, string folder) =>
        path == folder || path.StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // From the last part to the first.
    private static IEnumerable<string> Parts(string path) => path[(Path.GetPathRoot(path)?.Length ?? 0)..].Split(Path.DirectorySeparatorChar).Where(part => part is not ("" or ".")).Reverse();
}
