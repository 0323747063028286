using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace SeaCluster.Cli.Frame;

/// <summary>The library's help at 80 columns, followed by our examples and exit codes.</summary>
internal sealed class HelpText : SynchronousCommandLineAction
{
    private const int Width = 80;
    private readonly HelpAction _sections = new() { MaxWidth = Width };

    // Asked for help, a command line may be incomplete.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        _sections.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is SeaCommand { Examples.Count: > 0 } command)
        {
            output.WriteLine("Examples:");
            foreach (string example in command.Examples)
            {
                output.WriteLine($"  {Program.Name} {example}");
            }

            output.WriteLine();
        }

        output.WriteLine("Exit codes:");
        output.WriteLine("  0 done, 1 failed, 2 wrong use, 3 partly done (some rows were set aside),");
        output.WriteLine("  130 interrupted; what was finished is kept");
        return ExitCode.Done;
    }
}
