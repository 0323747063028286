using System.CommandLine;
using SeaCluster.Cli.Frame;

namespace SeaCluster.Cli.Commands;

/// <summary>What <c>sea serve</c> and <c>sea trainer</c> are told alike.</summary>
internal static class DriverOptionsOnTheLine
{
    public static Argument<string> Root() => new("runs") { Description = "Folder of run folders, reached by every machine that works on them", HelpName = "DIR" };

    public static Option<string?> Ledger() => new("--ledger") { Description = "PostgreSQL database for the ledgers of submitted runs, such as postgres://sea@db/sea; its password in PGPASSWORD or PGPASSFILE. Default: ledger.db in each run folder", HelpName = "URL" };

    public static Option<int> Parallel() => SharedOptions.AtLeast(new Option<int>("--parallel") { Description = "Runs driven at once", HelpName = "N", DefaultValueFactory = _ => 1 }, 1);
}
