using System.CommandLine;
using SeaCluster.Orleans;

namespace SeaCluster.Cli.Frame;

/// <summary>Which cluster of silos; shown in the help of a build that has Orleans, and answered with a reason in one that has not.</summary>
internal static class ClusterOptions
{
    public static Option<string?> Address(string description) => new("--cluster") { Description = description, HelpName = "WHERE", Hidden = !Cluster.IsThere };

    public static Option<string> Name() => new("--cluster-name")
    {
        Description = "Name of the cluster; those of other names know nothing of it",
        HelpName = "NAME",
        DefaultValueFactory = _ => "sea",
        Hidden = !Cluster.IsThere,
    };
}
