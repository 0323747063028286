using System.CommandLine;
using System.Globalization;
using SeaCluster.Cli.Frame;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Stages;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Runs.Work;
using SeaCluster.Telemetry;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea worker</c>: works on the samples of runs that other processes started.</summary>
internal static class WorkerCommand
{
    public static Command Create()
    {
        Argument<string> root = new("runs") { Description = "Folder of run folders (or one of them), reached by every machine", HelpName = "DIR" };
        Option<string?> ledger = new("--ledger") { Description = "Only runs of this database, such as postgres://sea@db/sea; its password in PGPASSWORD or PGPASSFILE", HelpName = "URL" };
        Option<string?> device = SharedOptions.DeviceHere();
        Option<string[]> set = SharedOptions.SetHere();
        Option<double> grace = new("--grace") { Description = "After Ctrl-C or SIGTERM: seconds to finish samples in hand before they are given back", HelpName = "SECONDS", DefaultValueFactory = _ => 30 };
        grace.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0 and <= 86400))
            {
                result.AddError("--grace: expected seconds, 0 to 86400.");
            }
        });
        Option<string?> urls = SharedOptions.Urls("/metrics, /healthz, /readyz and /startupz");
        Option<bool> once = new("--once") { Description = "End when no run has a sample to give" };
        return new SeaCommand(
            "worker",
            "Work on the samples of runs that 'sea run' started, here or on other machines, beside any number of other workers: leases from the ledger, results into the run folders.",
            "worker runs", "worker /shared/runs --device cuda:1", "worker runs --ledger 'postgres://sea@db/sea' --grace 120", "worker runs --urls http://+:9464")
        {
            Resumable = true,
        }
            .With(root, ledger, device, set, grace, urls, once)
            .Does(async (parsed, cancel) =>
            {
                WorkerHostOptions options = new()
                {
                    Root = parsed.GetValue(root)!,
                    Ledger = parsed.GetValue(ledger),
                    Overrides = Overrides.Here(parsed.GetValue(set), parsed.GetValue(device)),
                    Once = parsed.GetValue(once),
                };
                using CancellationTokenSource stop = new();
                ProcessHealth health = ProcessHealth.Current;
                await using CancellationTokenRegistration draining = cancel.Register(health.Drain);
                health.ExpectDevice();
                await using TelemetryHost telemetry = await TelemetryHost.StartAsync(parsed.GetValue(urls), told => told.Service = "sea-worker", cancel);
                foreach (string address in telemetry.Addresses)
                {
                    Screen.Say($"worker: metrics and health on {address}");
                }

                StageModel.OpenDevice(parsed.GetValue(device) ?? "auto", health);
                await using CancellationTokenRegistration asked = cancel.Register(() => stop.CancelAfter(TimeSpan.FromSeconds(parsed.GetValue(grace))));
                using Lines lines = new();
                await using WorkerHost host = new(options, [.. RunStages.Create().OfType<SampleStage>()], TimeProvider.System, lines.Say);
                Screen.Say($"worker: looking for runs in {options.Root}");
                await host.RunAsync(stop.Token, cancel);
                return ExitCode.Done;
            });
    }

    /// <summary>What happens, on stderr.</summary>
    private sealed class Lines : IDisposable
    {
        private readonly Lock gate = new();
        private ProgressLine? line;

        public void Say(WorkerNotice notice)
        {
            lock (gate)
            {
                switch (notice)
                {
                    case WorkerNotice.Joined joined:
                        Screen.Say($"worker: {joined.Stage.Text()} of {joined.Folder.Path}");
                        line = new ProgressLine(joined.Stage.Text(), "embeddings");
                        break;
                    case WorkerNotice.Told { Notice: RunNotice.StageAdvanced advanced }:
                        line?.Report((int)advanced.Done, (int)advanced.Total, advanced.Detail);
                        break;
                    case WorkerNotice.Told { Notice: { } told } when LedgerText.Of(told) is { } text:
                        Screen.Say(text);
                        break;
                    case WorkerNotice.Left left:
                        line?.Dispose();
                        line = null;
                        Screen.Say(string.Create(CultureInfo.InvariantCulture, $"worker: {left.Outcome.Done} done here, {left.Outcome.Failures} failed, {left.Outcome.LeasesLost} leases lost; ") +
                            (left.Outcome.End == WorkEnd.Settled ? "none left" : "stopped"));
                        break;
                    case WorkerNotice.SetAside aside:
                        line?.Dispose();
                        line = null;
                        Screen.Say($"worker: {aside.Folder.Path}: {aside.Reason}; looking again later");
                        break;
                }
            }
        }

        public void Dispose() => line?.Dispose();
    }
}
