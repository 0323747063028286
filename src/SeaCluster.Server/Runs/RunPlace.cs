using SeaCluster.Runs.Folders;
using SeaCluster.Server.Driving;

namespace SeaCluster.Server.Runs;

/// <summary>A run below the server's root, begun or only submitted.</summary>
/// <param name="Id">Its folder's path below the root with <c>~</c> in place of each slash: what addresses name it by.</param>
/// <param name="Folder">The folder.</param>
public sealed record RunPlace(string Id, RunFolder Folder)
{
    private const int Depth = 3;

    /// <summary>What was asked for it, where it was submitted.</summary>
    public Submission Submission { get; } = new(Folder);

    /// <summary>Every run below a folder, studies' too.</summary>
    public static IEnumerable<RunPlace> Below(string root) => Walk(root, root, Depth);

    /// <summary>The run of that id, or null: never a folder outside the root.</summary>
    public static RunPlace? Find(string root, string id)
    {
        string[] parts = id.Split('~');
        if (parts.Length > Depth || parts.Any(part => part.Length == 0 || part[0] == '.' || part.AsSpan().IndexOfAny('/', '\\', '\0') >= 0))
        {
            return null;
        }

        RunPlace place = new(id, new RunFolder(Path.Combine([root, .. parts])));
        // A folder may have that sign in its own name.
        return place.Folder.HasRun || place.Submission.Exists ? place : parts.Length > 1 ? Below(root).FirstOrDefault(each => each.Id == id) : null;
    }

    private static IEnumerable<RunPlace> Walk(string root, string path, int depth)
    {
        if (depth == 0)
        {
            return [];
        }

        return Directory.EnumerateDirectories(path).Where(below => Path.GetFileName(below)[0] != '.').Order(StringComparer.Ordinal).SelectMany(below =>
        {
            RunPlace place = new(Path.GetRelativePath(root, below).Replace(Path.DirectorySeparatorChar, '~'), new RunFolder(below));
            return place.Folder.HasRun || place.Submission.Exists ? [place] : Walk(root, below, depth - 1);
        });
    }
}
