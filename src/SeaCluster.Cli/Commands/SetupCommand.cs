using System.CommandLine;
using System.Diagnostics;
using SeaCluster.Cli.Frame;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea setup</c>: the launcher runs the script itself; this serves a direct call and the help.</summary>
internal static class SetupCommand
{
    public static Command Create()
    {
        Argument<string[]> rest = new("options") { Description = "--source FOLDER, --skip PACKAGE, --refresh, --no-install", Arity = ArgumentArity.ZeroOrMore };
        SeaCommand command = new("setup", "Prepare this checkout: probe optional packages, install what is missing, build.", "setup", "setup --source ~/packages") { TreatUnmatchedTokensAsErrors = false };
        return command.With(rest).Does(async (parsed, cancel) =>
        {
            ProcessStartInfo start = new("sh") { ArgumentList = { Path.Combine(Checkout.Root, "eng", "setup.sh") } };
            foreach (string word in parsed.GetValue(rest)!.Concat(parsed.UnmatchedTokens))
            {
                start.ArgumentList.Add(word);
            }

            using Process process = Process.Start(start)!;
            await process.WaitForExitAsync(cancel);
            return process.ExitCode;
        });
    }
}
