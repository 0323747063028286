using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Status;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea retry</c>: samples out of quarantine, answers to the judge.</summary>
internal static class RetryCommand
{
    public static Command Create()
    {
        Argument<string> folder = RunFolders.Argument();
        Option<string[]> sample = new("--sample") { Description = "Only this sample; may be given several times. Default: all, and failed judgements", HelpName = "ID" };
        Option<bool> json = SharedOptions.Json();
        SeaCommand command = new("retry", "Put quarantined samples back, and answers that the judge failed on. The next 'run' tries them again and redoes what is built on them.", "retry runs/first", "retry runs/first --sample row-7");
        return command.With(folder, sample, json).Does(async (parsed, cancel) =>
        {
            RunFolder run = RunFolders.Open(parsed.GetValue(folder)!);
            PutBack put = await RunRetry.RetryAsync(run, parsed.GetValue(sample) is { Length: > 0 } asked ? asked : null, TimeProvider.System, cancel);
            if (parsed.GetValue(json))
            {
                Screen.Json(new { PutBack = put.Samples, put.Judgements });
            }
            else
            {
                string[] what = [.. new[] { Count(put.Samples, "sample"), Count(put.Judgements, "judgement") }.OfType<string>()];
                Screen.Line(what.Length == 0 ? "nothing is in quarantine, and every answer is judged" : $"{string.Join(" and ", what)} put back; go on with\n  {Program.Name} run {parsed.GetValue(folder)}");
            }

            return ExitCode.Done;
        });
    }

    private static string? Count(long count, string what) => count == 0 ? null : $"{count} {what}{(count == 1 ? "" : "s")}";
}
