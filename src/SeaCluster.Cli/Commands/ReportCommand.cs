using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Method.Evaluation.Reporting;
using SeaCluster.Models;
using SeaCluster.Runs;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Stages;
using SeaCluster.Runs.Studies;
using SeaCluster.Server.Client;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea report</c>: a run's page, written again.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Argument<string> run = RunFolders.Argument("The run's folder, or that of several runs in one table; with --server the run's id");
        RemoteOptions remote = new();
        Option<string?> to = new("--out") { Description = "With --server: the file to write. Default: RUN.html here", HelpName = "FILE" };
        Option<bool> reveal = new("--reveal") { Description = "Write answers to harmful requests out; without it they are not in the file at all" };
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand("report", "Write report.html of a run from what lies in its folder.", "report runs/small-world", "report runs/small-world --reveal", "report runs/controls", "report first-1f0c --server http://127.0.0.1:8080 --out first.html")
            .With([run, reveal, .. remote.Symbols, to, json])
            .Does(async (parsed, cancel) =>
            {
                if (remote.Find(parsed) is { } server)
                {
                    using (server)
                    {
                        return await RemoteAsync(server, parsed.GetValue(run)!, parsed.GetValue(to), parsed.GetValue(reveal), parsed.GetValue(json), cancel);
                    }
                }

                if (parsed.GetValue(to) is not null)
                {
                    throw new SeaException("--out: a run's report is written into its own folder.", "--out is for reports of a --server.") { WrongUse = true };
                }

                string path = Path.GetFullPath(parsed.GetValue(run)!);
                ReportOptions options = new(RevealAnswers: parsed.GetValue(reveal));
                List<object> written = [];
                string? page = StudyFolder.Find(path) is { } study ? await OfStudyAsync(study, path, options, written, cancel) : await OfRunAsync(RunFolders.Open(parsed.GetValue(run)!), options, cancel);
                if (parsed.GetValue(json))
                {
                    Screen.Json(written.Count == 0 ? new { report = page } : new { report = page, runs = written });
                }
                else
                {
                    Screen.Line(page is null ? "no table yet: nothing was evaluated" : $"report: {page}");
                }

                return ExitCode.Done;
            });
    }

    // The report as the run wrote it: a server shows no more than that to who may only read.
    private static async Task<int> RemoteAsync(ServerClient server, string id, string? to, bool reveal, bool json, CancellationToken cancel)
    {
        if (reveal)
        {
            throw new SeaException("--reveal: a server gives no answers to harmful requests out in a report.", "Write it beside the run's folder: sea report DIR --reveal.") { WrongUse = true };
        }

        string path = Path.GetFullPath(to ?? $"{SafeName.Of(id)}.html");
        await server.ReportAsync(id, path, cancel);
        if (json)
        {
            Screen.Json(new { report = path });
        }
        else
        {
            Screen.Line($"report: {path}");
        }

        return ExitCode.Done;
    }

    // Each run's page, then the table of all.
    private static async Task<string?> OfStudyAsync(StudyFolder study, string path, ReportOptions options, List<object> written, CancellationToken cancel)
    {
        foreach (StudyMember member in study.Runs)
        {
            RunFolder folder = StudyFolder.RunIn(path, member);
            string? page = folder.HasRun ? await OfRunAsync(folder, options, cancel) : null;
            written.Add(new { member.Name, report = page });
            Screen.Say($"{member.Name}: {page ?? "not begun"}");
        }

        return await StudyRuns.ReportAsync(study, path, TimeProvider.System, cancel);
    }

    private static async Task<string> OfRunAsync(RunFolder folder, ReportOptions options, CancellationToken cancel)
    {
        await using RunSession session = await RunSession.OpenAsync(folder, null, TimeProvider.System, cancel: cancel);
        RunContext context = new()
        {
            Stage = StageName.Report,
            Spec = session.Spec,
            SpecHash = session.Run.SpecHash,
            Run = session.Run.Id,
            Folder = session.Folder,
            Ledger = session.Ledger,
            Artifacts = session.Artifacts,
            Time = TimeProvider.System,
            Notices = new Progress<RunNotice>(),
        };
        await ReportStage.WriteAsync(context, options, cancel);
        if (session.Progress.Stages[StageName.Report] == StageState.Done)
        {
            // The page is another file now, and still this run's.
            await context.RecordAsync(folder.Report, cancel);
        }

        return folder.Report;
    }
}
