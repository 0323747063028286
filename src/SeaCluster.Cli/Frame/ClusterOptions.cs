using System.CommandLine;
using SeaCluster.Orleans;

namespace SeaCluster.Cli.Frame;

/// <summary>Which cluster of silos. A build without Orleans has the options too, and answers them with what is missing.</summary>
internal static class ClusterOptions
{
    /// <summary>In front of the help in a build without Orleans.</summary>
    public static string Absent { get; } = Cluster.IsThere ? "" : "(Not in this build: it has no Orleans.) ";

    public static Option<string?> Address(string description) => new("--cluster") { Description = Absent + description, HelpName = "WHERE" };

    public static Option<string> Name() => new("--cluster-name")
    {
        Description = "Name of the cluster; those of other names know nothing of it",
        HelpName = "NAME",
        DefaultValueFactory = _ => "sea",
    };
}
