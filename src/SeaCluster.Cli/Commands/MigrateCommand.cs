using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Runs.Ledgers.Postgres;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea migrate</c>: brings a database up to date before the processes that use it.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        Option<string> ledger = new("--ledger") { Description = "Database to make ready, such as postgres://sea@db/sea?schema=sea; its password in PGPASSWORD or PGPASSFILE", HelpName = "URL", Required = true };
        return new SeaCommand(
            "migrate",
            "Make a database ready as a ledger: schema, tables, and every change since. Changes nothing where all is done; refuses a database that a newer version wrote. Every command does the same when it begins a run; a cluster does it once, before its processes start.",
            "migrate --ledger 'postgres://sea@db/sea'")
            .With(ledger)
            .Does(async (parsed, cancel) =>
            {
                PostgresAddress address = PostgresAddress.Parse(parsed.GetValue(ledger)!);
                await using PostgresLedger opened = await PostgresLedger.OpenAsync(address, create: true, cancel);
                Screen.Line($"{address.Shown}: up to date at {await opened.NowAsync(cancel):u}");
                return ExitCode.Done;
            });
    }
}
