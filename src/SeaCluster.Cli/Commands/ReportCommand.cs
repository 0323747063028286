using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Method.Evaluation.Reporting;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Stages;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea report</c>: a run's page, written again.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Argument<string> run = RunFolders.Argument();
        Option<bool> reveal = new("--reveal") { Description = "Write answers to harmful requests out; without it they are not in the file at all" };
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand("report", "Write report.html of a run from what lies in its folder.", "report runs/small-world", "report runs/small-world --reveal")
            .With(run, reveal, json)
            .Does(async (parsed, cancel) =>
            {
                RunFolder folder = RunFolders.Open(parsed.GetValue(run)!);
                await using RunSession session = await RunSession.OpenAsync(folder, null, TimeProvider.System, cancel);
                await ReportStage.WriteAsync(
                    new RunContext
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
                    },
                    new ReportOptions(RevealAnswers: parsed.GetValue(reveal)), cancel);
                if (parsed.GetValue(json))
                {
                    Screen.Json(new { report = folder.Report });
                }
                else
                {
                    Screen.Line($"report: {folder.Report}");
                }

                return ExitCode.Done;
            });
    }
}
