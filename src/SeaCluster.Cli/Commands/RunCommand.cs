using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Cli.Frame;
using SeaCluster.Models;
using SeaCluster.Orleans;
using SeaCluster.Runs;
using SeaCluster.Runs.Audit;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Planning;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Stages;
using SeaCluster.Runs.Studies;
using SeaCluster.Telemetry;
using SeaCluster.Torch;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea run</c>: a whole run, or what is left of it.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        Argument<string> spec = new("spec") { Description = "Run spec in YAML; samples/run.example.yaml explains every key. Or the folder of a run, to go on with it" };
        Option<string?> folder = new("--out") { Description = "Run folder; it is gone on with where it holds this run", HelpName = "DIR" };
        Option<bool> deterministic = new("--deterministic") { Description = "Fix batches by the plan: killed and resumed equals undisturbed, byte for byte" };
        Option<string[]> set = new("--set") { Description = "Override a key of the spec, such as --set synthesize.steps=20", HelpName = "KEY=VALUE", AllowMultipleArgumentsPerToken = false };
        Option<string?> ledger = new("--ledger") { Description = "PostgreSQL database for the run's ledger, such as postgres://sea@db:5432/sea?schema=sea, its password in PGPASSWORD or PGPASSFILE. Default: ledger.db in the run folder", HelpName = "URL" };
        Option<string?> cluster = ClusterOptions.Address("Have the run done by the silos of a cluster ('sea silo'): azure, postgres://... or localhost");
        Option<string> clusterName = ClusterOptions.Name();
        Option<bool> dryRun = new("--dry-run") { Description = "Print the plan of every stage, with times from a short measured probe, and stop; nothing is written" };
        Option<bool> controls = new("--controls") { Description = "Run the control arms beside the spec's own method, each below --out, and set them in one table: text SFT, text DPO, Eraser, blank, content alone, style alone, SEA, real media" };
        Option<string[]> grid = new("--grid") { Description = "Run once for each value of a key, such as --grid synthesize.steps=10,20,40; given twice, every combination", HelpName = "KEY=A,B,...", AllowMultipleArgumentsPerToken = false };
        Option<string?> urls = SharedOptions.Urls("/metrics and the health endpoints");
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand(
            "run",
            "Prepare, synthesize, align, evaluate and report as a spec says; started again, it goes on where it stopped.",
            "run samples/demo/run.yaml --out /tmp/run", "run my.yaml --dry-run", "run my.yaml --set align.steps=50 --deterministic",
            "run my.yaml --out runs/x --ledger 'postgres://sea@db/sea?schema=lab'",
            "run my.yaml --out /shared/runs/x --cluster 'postgres://sea@db/sea'",
            "run my.yaml --controls --grid seed=0,1,2 --out runs/controls")
        {
            Resumable = true,
        }
            .With(spec, folder, ledger, cluster, clusterName, deterministic, set, controls, grid, urls, dryRun, json)
            .Does(async (parsed, cancel) =>
            {
                List<KeyValuePair<string, string>> overrides = [.. (parsed.GetValue(set) ?? []).Select(Overrides.Parse)];
                if (parsed.GetValue(deterministic))
                {
                    overrides.Add(new("synthesize.deterministic", "true"));
                }

                if (parsed.GetValue(ledger) is { } address)
                {
                    overrides.Add(new("ledger", JsonSerializer.Serialize(address)));
                }

                (string file, string? begun) = SpecOf(parsed.GetValue(spec)!, parsed.GetValue(folder));
                if (StudyReader.Load(file, overrides, parsed.GetValue(controls), [.. (parsed.GetValue(grid) ?? []).Select(Varied)]) is { } study)
                {
                    if (parsed.GetValue(cluster) is not null)
                    {
                        throw new SeaException("--cluster takes one run, not a study", "leave --controls and --grid out, or --cluster") { WrongUse = true };
                    }

                    TorchRuntime.Initialize();
                    StageModel.RequireDevice(study.Variants[0].Spec);
                    if (parsed.GetValue(dryRun))
                    {
                        StudyText.Plan(study, await StudyPlanner.MeasureAsync(study, TimeProvider.System, (variant, number) => Screen.Say($"plan {number} of {study.Variants.Count}: {variant.Name}"), cancel), parsed.GetValue(json));
                        return ExitCode.Done;
                    }

                    string into = Path.GetFullPath(parsed.GetValue(folder) ?? Path.Combine("runs", SafeName.Of(study.Name)));
                    await using TelemetryHost seen = await TellAsync(parsed.GetValue(urls), into, study.Variants[0].Spec.Ledger, cancel);
                    using Notices told = new();
                    StudyOutcome all = await new StudyEngine(RunStages.Create, TimeProvider.System).RunAsync(
                        study, into, (variant, number) => Screen.Say($"run {number} of {study.Variants.Count}: {variant.Name}"), told, cancel);
                    told.Dispose();
                    if (all.ExitCode == ExitCode.Interrupted)
                    {
                        throw new OperationCanceledException(cancel);
                    }

                    StudyText.Show(study, all, into, parsed.GetValue(json));
                    return all.ExitCode;
                }

                RunSpec read = SpecReader.Load(file, overrides);
                ClusterAddress? elsewhere = parsed.GetValue(cluster) is { } given ? ClusterAddress.Parse(given) : null;
                if (elsewhere is null)
                {
                    TorchRuntime.Initialize();
                    StageModel.RequireDevice(read);
                }
                else
                {
                    Cluster.Require();
                }

                if (parsed.GetValue(dryRun))
                {
                    TorchRuntime.Initialize();
                    Show(await RunPlanner.MeasureAsync(read, TimeProvider.System, cancel), parsed.GetValue(json));
                    return ExitCode.Done;
                }

                RunFolder run = RunFolder.For(read, begun ?? parsed.GetValue(folder));
                run.Create();
                await using TelemetryHost telemetry = await TellAsync(parsed.GetValue(urls), run.Path, read.Ledger, cancel);
                using Notices notices = new();
                RunOutcome outcome = elsewhere is null
                    ? await new RunEngine(RunStages.Create(), TimeProvider.System, (planned, stop) => RunPlanner.MeasureAsync(planned, TimeProvider.System, stop)).RunAsync(run, read, notices, cancel)
                    : await Cluster.RunAsync(elsewhere, parsed.GetValue(clusterName)!, run, read, notices, cancel);
                notices.Dispose();
                if (outcome.State == RunState.Interrupted)
                {
                    throw new OperationCanceledException(cancel);
                }

                Show(outcome, parsed.GetValue(json));
                return outcome.ExitCode;
            });
    }

    // A run tells of itself by what its own ledger says.
    private static async Task<TelemetryHost> TellAsync(string? urls, string folder, string? ledger, CancellationToken cancel)
    {
        TelemetryHost host = await TelemetryHost.StartAsync(
            urls,
            told =>
            {
                told.Service = "sea-run";
                told.Runs = folder;
                told.Ledger = ledger;
            },
            cancel);
        foreach (string address in host.Addresses)
        {
            Screen.Say($"run: metrics and health on {address}");
        }

        return host;
    }

    // A run's folder stands for its frozen spec.
    private static (string File, string? Folder) SpecOf(string given, string? folder)
    {
        if (!Directory.Exists(given))
        {
            return (given, null);
        }

        RunFolder run = RunFolders.Open(given);
        if (folder is not null && new RunFolder(folder).Path != run.Path)
        {
            throw new SeaException($"{given}: is the folder of a run, which goes on there; --out {folder} is another.", $"To begin the same anew: {Program.Name} run {run.Spec} --out {folder}") { WrongUse = true };
        }

        return (run.Spec, run.Path);
    }

    private static void Show(RunPlan plan, bool json)
    {
        if (json)
        {
            Screen.Json(new { plan.Stages, plan.Seconds, plan.DeviceBytes, plan.DiskBytes });
        }
        else
        {
            PlanText.Show(plan);
        }
    }

    /// <summary>What a run came to, on stdout; its error, on stderr.</summary>
    private static void Show(RunOutcome outcome, bool json)
    {
        if (json)
        {
            Screen.Json(new
            {
                run = outcome.Run,
                state = outcome.State,
                folder = outcome.Folder.Path,
                quarantined = outcome.Quarantined,
                stages = outcome.Stages.Select(stage => new { stage = stage.Stage, state = stage.State, seconds = stage.Worked.TotalSeconds, summary = stage.Summary }),
                error = outcome.Error?.Message,
            });
        }
        else
        {
            RunPlan? plan = RunPlan.Find(outcome.Folder);
            Screen.Table(
                ["Stage", "State", "Took", "Planned", "Result"],
                outcome.Stages.Select(stage => (IReadOnlyList<string>)
                [
                    stage.Stage, stage.State.ToString().ToLowerInvariant(), PlanText.Time(stage.Worked.TotalSeconds),
                    StageNames.Parse(stage.Stage) is { } name && plan?.Of(name)?.Seconds is { } seconds ? PlanText.Time(seconds) : "", Summary(stage.Summary),
                ]),
                2, 3);
            Screen.Line($"folder: {outcome.Folder.Path}");
        }

        if (outcome.Error is { } error)
        {
            Screen.Say(error.Message);
            if (error is SeaException { Hint: { } hint })
            {
                Screen.Say(hint);
            }
        }
    }

    // The figures of a stage in a few words; they are JSON in the ledger.
    private static string Summary(string? json) => RunFolders.Parse(json) is not JsonObject figures ? "" : string.Join(", ", figures
        .Where(figure => figure.Value is not null && figure.Key != StageChain.Key)
        .Select(figure => $"{figure.Key.Replace('_', ' ')} {(figure.Value!.GetValueKind() == JsonValueKind.Number ? figure.Value.GetValue<double>().ToString("0.####", CultureInfo.InvariantCulture) : figure.Value.ToString())}"));

    private static KeyValuePair<string, string> Varied(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && equals < text.Length - 1
            ? new(text[..equals], text[(equals + 1)..])
            : throw new SeaException($"--grid {text}: expected KEY=A,B,...", "For example --grid synthesize.steps=10,20,40.") { WrongUse = true };
    }

    /// <summary>Signs of life on stderr.</summary>
    private sealed class Notices : IProgress<RunNotice>, IDisposable
    {
        private readonly Lock gate = new();
        private ProgressLine? line;

        public void Report(RunNotice value)
        {
            lock (gate)
            {
                switch (value)
                {
                    case RunNotice.Planned planned:
                        Screen.Say(PlanText.Line(planned.Plan));
                        break;
                    case RunNotice.NotPlanned without:
                        Screen.Say($"not planned: {without.Reason}");
                        break;
                    case RunNotice.LedgerAway or RunNotice.LedgerBack:
                        Screen.Say(LedgerText.Of(value)!);
                        break;
                    case RunNotice.StageStarted started:
                        line?.Dispose();
                        line = new ProgressLine(started.Stage.Text(), Unit(started.Stage));
                        break;
                    case RunNotice.StageAdvanced advanced:
                        line?.Report((int)advanced.Done, (int)advanced.Total, advanced.Detail);
                        break;
                    case RunNotice.StageSettled settled:
                        line?.Dispose();
                        line = null;
                        Screen.Say(string.Create(CultureInfo.InvariantCulture, $"{settled.Stage.Text()}: {settled.State.ToString().ToLowerInvariant()} after {settled.Worked.TotalSeconds:F1} s"));
                        break;
                    case RunNotice.Redone redone:
                        Screen.Say($"{redone.Stage.Text()} is done again: {redone.Reason}");
                        break;
                }
            }
        }

        public void Dispose() => line?.Dispose();

        private static string Unit(StageName stage) => stage switch
        {
            StageName.Prepare => "rows",
            StageName.Synthesize => "embeddings",
            StageName.Align => "steps",
            StageName.Evaluate => "cases",
            _ => "pages",
        };
    }
}
