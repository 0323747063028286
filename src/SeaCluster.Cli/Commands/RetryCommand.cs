using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Status;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea retry</c>: samples out of quarantine.</summary>
internal static class RetryCommand
{
    public static Command Create()
    {
        Argument<string> folder = RunFolders.Argument();
        Option<string[]> sample = new("--sample") { Description = "Only this sample; may be given several times. Default: all", HelpName = "ID" };
        Option<bool> json = SharedOptions.Json();
        SeaCommand command = new("retry", "Put quarantined samples back. The next 'run' tries them again and redoes what is built on them.", "retry runs/first", "retry runs/first --sample row-7");
        return command.With(folder, sample, json).Does(async (parsed, cancel) =>
        {
            RunFolder run = RunFolders.Open(parsed.GetValue(folder)!);
            int count = await RunRetry.RetryAsync(run, parsed.GetValue(sample) is { Length: > 0 } asked ? asked : null, TimeProvider.System, cancel);
            if (parsed.GetValue(json))
            {
                Screen.Json(new { PutBack = count });
            }
            else
            {
                Screen.Line(count == 0 ? "nothing is in quarantine" : $"{count} {(count == 1 ? "sample" : "samples")} put back; try them with\n  {Program.Name} run {parsed.GetValue(folder)}");
            }

            return ExitCode.Done;
        });
    }
}
