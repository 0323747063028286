using Microsoft.Extensions.Logging;
using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Orleans;

/// <summary>Orleans silos and their clients. This build was made without the Orleans packages.</summary>
public static class Cluster
{
    private const string Hint = "'sea setup' says what is missing; with the packages in a folder: 'sea setup --source FOLDER'. 'sea worker' shares a run's work without Orleans.";

    /// <summary>Whether this build has Orleans.</summary>
    public static bool IsThere => false;

    /// <exception cref="SeaException">Always.</exception>
    public static void Require() => throw Missing();

    /// <exception cref="SeaException">Always.</exception>
    public static Task RunSiloAsync(SiloSettings settings, Action<string> say, ILoggerProvider? logs, CancellationToken stop) => throw Missing();

    /// <exception cref="SeaException">Always.</exception>
    public static Task<RunOutcome> RunAsync(ClusterAddress address, string name, RunFolder folder, RunSpec spec, IProgress<RunNotice> notices, CancellationToken stop) => throw Missing();

    private static SeaException Missing() => new("this build has no Orleans: its packages were not there when it was made", Hint) { WrongUse = true };
}
