using System.CommandLine;
using System.Globalization;
using SeaCluster.Cli.Frame;
using SeaCluster.Method.Parity;
using SeaCluster.Torch;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea parity</c>: a fixture folder against what this code computes.</summary>
internal static class ParityCommand
{
    public static Command Create()
    {
        Argument<string> folder = new("folder") { Description = "A family's fixture folder, or a folder of them", HelpName = "DIR" };
        folder.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: { } path }] && !Directory.Exists(path))
            {
                result.AddError($"{path}: no such folder");
            }
        });
        Option<bool> failures = new("--failures") { Description = "Show only what is outside or could not be checked" };
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand(
            "parity",
            "Check every figure of a fixture folder of the reference implementation; a row a figure with its distance and tolerance. Exit code 1 where one is outside.",
            "parity tests/fixtures/parity/llava", "parity my-fixtures --failures")
            .With(folder, failures, json)
            .Does((parsed, cancel) => Task.Run(() =>
            {
                TorchRuntime.Initialize();
                ParityReport report = ParityChecker.Run(parsed.GetValue(folder)!, null, cancel);
                ParityRow[] shown = [.. report.Rows.Where(row => !parsed.GetValue(failures) || !row.Passed)];
                if (parsed.GetValue(json))
                {
                    Screen.Json(new { passed = report.Passed, rows = shown });
                }
                else
                {
                    string group = "";
                    foreach (ParityRow row in shown)
                    {
                        if (row.Group != group)
                        {
                            Screen.Line(group = row.Group);
                        }

                        string tolerance = row.Tolerance == 0 ? "equal" : row.Tolerance.ToString("G2", CultureInfo.InvariantCulture);
                        Screen.Line(string.Create(CultureInfo.InvariantCulture, $"  {row.Outcome,-8} {row.Distance,10:G3} of {tolerance,-7} {row.Figure}{(row.Note is null || row.Passed ? "" : $": {row.Note}")}"));
                    }

                    Screen.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Rows.Count(row => row.Outcome == ParityOutcome.Inside)} figures inside, {report.Rows.Count(row => !row.Passed)} not, {report.Rows.Count(row => row.Outcome == ParityOutcome.Absent)} absent"));
                }

                return report.Passed ? ExitCode.Done : ExitCode.Failed;
            }));
    }
}
