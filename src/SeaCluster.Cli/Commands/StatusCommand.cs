using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Models;
using SeaCluster.Runs;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Status;
using SeaCluster.Runs.Studies;
using SeaCluster.Server.Client;
using SeaCluster.Server.Runs;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea status</c>: where a run stands, without disturbing it.</summary>
internal static class StatusCommand
{
    private static readonly (string Name, Func<StageStatus, string> Cell)[] Columns =
    [
        ("stage", stage => stage.Stage.Text()),
        ("state", stage => stage.State.ToString().ToLowerInvariant()),
        ("done", stage => stage.Samples is { } samples ? $"{samples.Done}/{samples.Total}" : ""),
        ("quarantined", stage => stage.Samples is { Quarantined: > 0 } given ? $"{given.Quarantined}" : ""),
        ("rate/s", stage => stage.PerSecond is { } rate ? $"{rate:0.00}" : ""),
        ("left", stage => stage.Remaining is { } left ? PlanText.Time(left.TotalSeconds) : ""),
        ("time", stage => stage.Worked > TimeSpan.Zero ? PlanText.Time(stage.Worked.TotalSeconds) : ""),
        ("plan", stage => stage.Planned?.Seconds is { } planned ? PlanText.Time(planned) : ""),
    ];

    public static Command Create()
    {
        Argument<string?> folder = new("run") { Description = "The run's folder, or that of several runs in one table; with --server the run's id, or nothing to list all", HelpName = "DIR", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> json = SharedOptions.Json();
        RemoteOptions remote = new();
        SeaCommand command = new("status", "Show where a run stands: its stages, rates, time left, and the samples in quarantine with their errors. Never disturbs a run at work.", "status runs/first", "status runs/first --json", "status runs/controls", "status first-1f0c --server http://127.0.0.1:8080");
        return command.With([folder, .. remote.Symbols, json]).Does(async (parsed, cancel) =>
        {
            if (remote.Find(parsed) is { } server)
            {
                using (server)
                {
                    return await RemoteAsync(server, parsed.GetValue(folder), parsed.GetValue(json), cancel);
                }
            }

            string given = parsed.GetValue(folder) ?? throw new SeaException("status: which run?", $"Name its folder, such as '{Program.Name} status runs/first', or a --server.") { WrongUse = true };
            string path = Path.GetFullPath(given);
            if (StudyFolder.Find(path) is { } study)
            {
                IReadOnlyList<StudyRunStatus> runs = await StudyRuns.StatusAsync(study, path, TimeProvider.System, cancel);
                if (parsed.GetValue(json))
                {
                    Screen.Json(new { study.Name, folder = path, runs = runs.Select(each => new { each.Member.Name, each.Member.Arm, state = StudyText.State(each.Status), status = each.Status is null ? null : Plain(each.Status) }), study.LeftOut });
                }
                else
                {
                    StudyText.Show(study, runs, path);
                }

                return ExitCode.Done;
            }

            RunFolder run = RunFolders.Open(given);
            RunStatus status = await RunStatusReader.ReadAsync(run, TimeProvider.System, cancel);
            if (parsed.GetValue(json))
            {
                Screen.Json(Plain(status));
            }
            else
            {
                Show(status);
            }

            return ExitCode.Done;
        });
    }

    // The same as of a folder, from what the server says of it.
    private static async Task<int> RemoteAsync(ServerClient server, string? id, bool json, CancellationToken cancel)
    {
        if (id is null)
        {
            IReadOnlyList<RunSummary> runs = await server.RunsAsync(cancel);
            if (json)
            {
                Screen.Json(new { runs });
            }
            else
            {
                Screen.Table(
                    ["run", "state", "stage", "done", "left"],
                    runs.Select(run => (IReadOnlyList<string>)[run.Id, run.State.ToString().ToLowerInvariant(), run.Stage ?? "", run.Samples is { } samples ? $"{samples.Done}/{samples.Total}" : "", run.RemainingSeconds is { } left ? PlanText.Time(left) : ""]),
                    3, 4);
            }

            return ExitCode.Done;
        }

        RunDocument run = await server.RunAsync(id, cancel);
        if (json)
        {
            Screen.Json(run);
        }
        else if (run.ToStatus() is { } status)
        {
            Show(status, run);
        }
        else
        {
            Screen.Line($"{run.Name}: {run.State.ToString().ToLowerInvariant()}{(run.Message is null ? "" : $"\n{run.Message}")}");
        }

        return ExitCode.Done;
    }

    private static void Show(RunStatus status, RunDocument? served = null)
    {
        string state = served is not null ? served.State.ToString().ToLowerInvariant() : status.Killed ? "killed" : status.State.ToString().ToLowerInvariant();
        string worker = status.WorkedOnBy is { } holder ? $", worked on by process {holder.ProcessId} on {holder.Machine}" : "";
        Screen.Line($"{status.Name}: {state}{worker}");
        Screen.Line($"folder {status.Folder}");
        if (status.Message is not null)
        {
            Screen.Line(status.Message);
        }

        // A column with nothing to say would take the room of one that has.
        (string Name, Func<StageStatus, string> Cell)[] columns = [.. Columns.Where(column => status.Stages.Any(stage => column.Cell(stage).Length > 0))];
        Screen.Table([.. columns.Select(column => column.Name)], status.Stages.Select(stage => columns.Select(column => column.Cell(stage)).ToArray()), [.. Enumerable.Range(2, columns.Length - 2)]);
        foreach (StageStatus failed in status.Stages.Where(stage => stage.Error is not null))
        {
            Screen.Line($"{failed.Stage.Text()} failed: {failed.Error}");
        }

        foreach (QuarantinedSample sample in status.Quarantined)
        {
            Screen.Line($"quarantined in {sample.Stage.Text()} after {sample.Attempts} attempts: {sample.Sample}: {sample.Error}");
        }

        if (status.Unjudged > 0)
        {
            Screen.Line($"{status.Unjudged} {(status.Unjudged == 1 ? "answer has" : "answers have")} no verdict: the judge failed on {(status.Unjudged == 1 ? "it" : "them")}");
        }

        if (served is not null)
        {
            return;
        }

        if (status.Quarantined.Count > 0 || status.Unjudged > 0)
        {
            Screen.Line($"put back with\n  {Program.Name} retry {status.Folder}");
        }

        if (status.Killed || status.State == RunState.Interrupted)
        {
            Screen.Line($"go on with\n  {Program.Name} run {status.Folder}");
        }
    }

    // A sample's input is harmful text; it stays in the ledger.
    private static object Plain(RunStatus status) => new
    {
        status.Run,
        status.Name,
        status.Folder,
        status.State,
        status.Killed,
        status.WorkedOnBy,
        status.Message,
        status.SpecHash,
        status.Created,
        status.At,
        Stages = status.Stages.Select(stage => new
        {
            Stage = stage.Stage.Text(),
            stage.State,
            WorkedSeconds = stage.Worked.TotalSeconds,
            PlannedSeconds = stage.Planned?.Seconds,
            stage.Samples,
            stage.PerSecond,
            RemainingSeconds = stage.Remaining?.TotalSeconds,
            Summary = RunFolders.Parse(stage.Summary),
            stage.Error,
        }),
        Quarantined = status.Quarantined.Select(sample => new { Stage = sample.Stage.Text(), sample.Sample, sample.Attempts, sample.Error, sample.Since }),
    };
}
