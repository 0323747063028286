using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Runs.Audit;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Stages;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea audit</c>: that nothing of a run is lost, double or altered.</summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        Argument<string> folder = RunFolders.Argument();
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand(
            "audit",
            "Prove from ledger and files that nothing of a run is lost, double or altered: spec, inputs, rows, samples, artifacts, what each stage was built on, verdicts, events. Changes nothing. Exits 1 when something is wrong.",
            "audit runs/first", "audit runs/first --json")
            .With(folder, json)
            .Does(async (parsed, cancel) =>
            {
                RunFolder run = RunFolders.Open(parsed.GetValue(folder)!);
                AuditReport report;
                using (ProgressLine line = new("audit", "files"))
                {
                    report = await new RunAudit(RunStages.Create(), TimeProvider.System).RunAsync(run, new Reading(line), cancel);
                }

                if (parsed.GetValue(json))
                {
                    Screen.Json(new { report.Run, report.Folder, report.State, report.Sound, report.Checks });
                }
                else
                {
                    Show(report);
                }

                return report.Sound ? ExitCode.Done : ExitCode.Failed;
            });
    }

    private static void Show(AuditReport report)
    {
        Screen.Table(["check", "looked at", "wrong", "that"], report.Checks.Select(check => new[] { check.Name, $"{check.Looked}", $"{check.Wrong}", check.Question }), 1, 2);
        foreach (AuditCheck check in report.Checks)
        {
            foreach (string problem in check.Problems)
            {
                Screen.Line(Screen.Visible($"{check.Name}: {problem}"));
            }

            if (check.Wrong > check.Problems.Count && check.Problems.Count > 0)
            {
                Screen.Line($"{check.Name}: and {check.Wrong - check.Problems.Count} more");
            }
        }

        foreach (string remark in report.Checks.SelectMany(check => check.Remarks.Select(remark => $"{check.Name}: {remark}")))
        {
            Screen.Say(Screen.Visible(remark));
        }

        string state = report.State.ToString().ToLowerInvariant();
        Screen.Line(report.Sound ? $"sound: nothing lost, double or altered (the run is {state})" : $"NOT sound: {report.Checks.Sum(check => check.Wrong)} things are wrong (the run is {state}); 'sea run' makes missing and altered artifacts again");
    }

    private sealed class Reading(ProgressLine line) : IProgress<(long Done, long Total)>
    {
        public void Report((long Done, long Total) value) => line.Report((int)value.Done, (int)value.Total, null);
    }
}
