using SeaCluster.Models;

namespace SeaCluster.Cli.Frame;

/// <summary>The source checkout that this command was built in.</summary>
internal static class Checkout
{
    /// <summary>The folder with <c>SeaCluster.sln</c> above the program.</summary>
    /// <exception cref="SeaException">The program was copied out of its checkout.</exception>
    public static string Root
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "SeaCluster.sln")))
                {
                    return folder.FullName;
                }
            }

            throw new SeaException($"No SeaCluster.sln above {AppContext.BaseDirectory}: this command works in a source checkout only.", "Run ./sea from a clone of the repository.");
        }
    }
}
