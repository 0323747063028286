namespace SeaCluster.Tests;

/// <summary>Finds files of the checkout from wherever the tests run.</summary>
public static class Repository
{
    /// <summary>The folder that holds <c>SeaCluster.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A path below the root, joined with the system's separator.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A parity fixture below <c>tests/fixtures/parity</c>.</summary>
    public static string Fixture(params string[] parts) => PathOf(["tests", "fixtures", "parity", .. parts]);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SeaCluster.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No SeaCluster.sln above {AppContext.BaseDirectory}.");
    }
}
