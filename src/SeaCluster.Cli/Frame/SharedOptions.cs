using System.CommandLine;

namespace SeaCluster.Cli.Frame;

/// <summary>Options that mean the same in every command that has them.</summary>
internal static class SharedOptions
{
    public static readonly Option<bool> Verbose = new("--verbose") { Description = "Show where an error came from", Recursive = true };
}
