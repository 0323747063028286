using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Server.Driving;
using SeaCluster.Telemetry;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea trainer</c>: drives submitted runs.</summary>
internal static class TrainerCommand
{
    public static Command Create()
    {
        Argument<string> root = DriverOptionsOnTheLine.Root();
        Option<string?> ledger = DriverOptionsOnTheLine.Ledger();
        Option<int> parallel = DriverOptionsOnTheLine.Parallel();
        Option<string?> urls = SharedOptions.Urls("/metrics, /healthz, /readyz and /startupz");
        return new SeaCommand(
            "trainer",
            "Drive runs that were submitted to 'sea serve --no-drive' over the same folder: each by a 'sea run' of its own, in their order. Stopped or killed, the next trainer goes on.",
            "trainer /shared/runs", "trainer /shared/runs --ledger 'postgres://sea@db/sea' --parallel 2")
        {
            Resumable = true,
        }
            .With(root, ledger, parallel, urls)
            .Does(async (parsed, cancel) =>
            {
                DriverOptions options = new() { Root = Path.GetFullPath(parsed.GetValue(root)!), Ledger = parsed.GetValue(ledger), Command = ChildCommand.Own, Parallel = parsed.GetValue(parallel) };
                Screen.Say($"trainer: looking for submitted runs in {options.Root}");
                await using TelemetryHost telemetry = await TelemetryHost.StartAsync(
                    parsed.GetValue(urls), told => (told.Service, told.Runs, told.Ledger) = ("sea-trainer", options.Root, options.Ledger), cancel);
                foreach (string address in telemetry.Addresses)
                {
                    Screen.Say($"trainer: metrics and health on {address}");
                }

                await new RunDriver(options, TimeProvider.System, remark => Screen.Say(remark)).RunAsync(cancel);
                return ExitCode.Done;
            });
    }
}
