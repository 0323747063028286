using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using SeaCluster.Cli.Frame;
using SeaCluster.ClusterBenchmark;
using SeaCluster.Models;
using SeaCluster.Server.Driving;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea bench cluster</c>: a real ledger and real workers on simulated lanes.</summary>
internal static class ClusterBenchCommand
{
    public static SeaCommand Create()
    {
        Option<string?> ledger = new("--ledger") { Description = "PostgreSQL database to measure, such as postgres://sea@db/sea?schema=bench; its password in PGPASSWORD or PGPASSFILE. Default: ledger.db in a temporary folder", HelpName = "URL" };
        Option<int> samples = SharedOptions.AtLeast(new Option<int>("--samples") { Description = "Samples of each run", HelpName = "N", DefaultValueFactory = _ => 20_000 }, 1);
        Option<string> workers = new("--workers") { Description = "Worker processes; several numbers measure one after the other", HelpName = "N,...", DefaultValueFactory = _ => "1,2,4" };
        Option<int> slots = SharedOptions.AtLeast(new Option<int>("--slots") { Description = "Samples side by side in each worker", HelpName = "N", DefaultValueFactory = _ => 64 }, 1);
        Option<double> each = SharedOptions.AtLeast(new Option<double>("--lane-ms") { Description = "Time of a sample on a lane, in milliseconds; 0 measures the ledger alone", HelpName = "X", DefaultValueFactory = _ => 0 }, 0);
        Option<int> bytes = SharedOptions.AtLeast(new Option<int>("--artifact-bytes") { Description = "Size of each result's file; 0: no files", HelpName = "N", DefaultValueFactory = _ => 0 }, 0);
        Option<double> lease = SharedOptions.AtLeast(new Option<double>("--lease") { Description = "Seconds that a lease lasts", HelpName = "X", DefaultValueFactory = _ => 30 }, 1);
        Option<bool> kill = new("--kill") { Description = "Kill one worker after a third of the samples and time the recovery" };
        Option<string?> work = new("--work") { Hidden = true }, run = new("--run") { Hidden = true };
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand(
            "cluster",
            "Measure ledger and workers with simulated lanes (a lane that takes a given time instead of a GPU): completions per second, efficiency, recovery after a kill, memory, size, and the time to read status and pages.",
            "bench cluster", "bench cluster --ledger 'postgres://sea@db/sea?schema=bench' --workers 2", "bench cluster --lane-ms 500 --workers 1,2,4,8 --samples 4000")
            .With(ledger, samples, workers, slots, each, bytes, lease, kill, work, run, json)
            .Does(async (parsed, cancel) =>
            {
                MeasurementOptions options = new(
                    parsed.GetValue(ledger), parsed.GetValue(samples), 1, parsed.GetValue(slots), TimeSpan.FromMilliseconds(parsed.GetValue(each)), parsed.GetValue(bytes), TimeSpan.FromSeconds(parsed.GetValue(lease)), parsed.GetValue(kill));
                if (parsed.GetValue(work) is { } folder)
                {
                    await ClusterMeasurement.WorkAsync(folder, parsed.GetValue(run)!, options, cancel);
                    return ExitCode.Done;
                }

                List<ClusterResult> results = [];
                foreach (int count in Counts(parsed.GetValue(workers)!))
                {
                    MeasurementOptions now = options with { Workers = count };
                    Screen.Say($"measuring {count} {(count == 1 ? "worker" : "workers")}, {now.Samples} samples");
                    results.Add(await new ClusterMeasurement(now, (place, id) => Start(now, place, id), root => Start("serve", root, "--no-drive", "--urls", "http://127.0.0.1:0"), remark => Screen.Say(remark)).RunAsync(cancel));
                }

                if (parsed.GetValue(json))
                {
                    Screen.Json(results);
                }
                else
                {
                    Show(results);
                }

                return ExitCode.Done;
            });
    }

    private static IEnumerable<int> Counts(string text) => text.Split(',').Select(part => int.TryParse(part, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 64
        ? count
        : throw new SeaException($"--workers {text}: expected whole numbers from 1 to 64, such as 1,2,4.") { WrongUse = true });

    private static Process Start(MeasurementOptions options, string place, string run)
    {
        string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
        return Start(
            "bench", "cluster", "--work", place, "--run", run, "--slots", Number(options.Slots), "--lane-ms", Number(options.Each.TotalMilliseconds), "--artifact-bytes", Number(options.ArtifactBytes),
            "--lease", Number(options.Lease.TotalSeconds));
    }

    private static Process Start(params string[] arguments)
    {
        ChildCommand own = ChildCommand.Own;
        return Process.Start(new ProcessStartInfo(own.Program, [.. own.Before, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    private static void Show(IReadOnlyList<ClusterResult> results)
    {
        string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
        Screen.Table(
            ["workers", "done/s", "of lanes", "cpu ms", "MB", "recovery", "status", "page"],
            results.Select(result => new[]
            {
                $"{result.Workers}", Number(result.PerSecond, "0"), Number(result.Efficiency, "0.000"), Number(result.CpuSecondsPerThousand, "0.000"), Number(result.WorkerPeakBytes / 1e6, "0"),
                result.RecoverySeconds is { } recovery ? $"{Number(recovery, "0.0")} s" : "", $"{Number(result.StatusMilliseconds, "0.0")} ms", $"{Number(result.PageMilliseconds, "0.0")} ms",
            }),
            0, 1, 2, 3, 4, 5, 6, 7);
        ClusterResult last = results[^1];
        Screen.Line("of lanes: completions beside what the lanes could do; cpu ms: the workers' processor time a sample; MB: the largest worker");
        foreach (ServedPage page in last.Served)
        {
            Screen.Line($"server, {page.Path}: {Number(page.Milliseconds, "0.0")} ms, the first time {Number(page.FirstMilliseconds, "0.0")} ms");
        }

        Screen.Line($"{last.Samples} samples a run; enqueued {Number(last.EnqueuedPerSecond, "0")}/s; ledger {Number(last.LedgerBytes / 1e6, "0.0")} MB; this process {Number(last.DriverPeakBytes / 1e6, "0")} MB, the server {Number(last.ServerPeakBytes / 1e6, "0")} MB");
    }
}
