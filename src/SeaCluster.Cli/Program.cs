using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using SeaCluster.Cli.Commands;
using SeaCluster.Cli.Frame;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers.Postgres;

namespace SeaCluster.Cli;

internal static class Program
{
    /// <summary>How the program was called, for the commands that messages name.</summary>
    public static string Name { get; } = Environment.GetEnvironmentVariable("SEA_COMMAND") is { Length: > 0 } launcher ? launcher : "sea";

    public static async Task<int> Main(string[] arguments)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;

        RootCommand root = Root();
        ParseResult parsed = root.Parse(arguments.Length == 0 ? ["--help"] : arguments);
        if (parsed.Errors.Count > 0)
        {
            return WrongUse.Explain(parsed, Console.Error);
        }

        using Interruption interruption = new(keeps: parsed.CommandResult.Command is SeaCommand { Resumable: true });
        try
        {
            InvocationConfiguration invocation = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation, interruption.Token);
        }
        catch (Exception) when (interruption.Token.IsCancellationRequested)
        {
            // Whatever it was: a terminal interrupts ffmpeg and the like too, and a decoder that died of it is no damaged file.
            return Interrupted(parsed, arguments);
        }
        catch (Exception failure)
        {
            return Failed(failure, parsed.GetValue(SharedOptions.Verbose));
        }
    }

    private static RootCommand Root()
    {
        RootCommand root = new(
            "SeaCluster: safety alignment of multimodal language models from text alone (SEA).\n" +
            "Results go to stdout, progress and logs to stderr.");
        root.Options.Add(SharedOptions.Verbose);
        foreach (Command command in new Command[]
        {
            SetupCommand.Create(), PrepareCommand.Create(), SynthesizeCommand.Create(), EraserCommand.Create(), AlignCommand.Create(), EvaluateCommand.Create(), GateCommand.Create(), PowerCommand.Create(), RunCommand.Create(), WorkerCommand.Create(), SiloCommand.Create(), StatusCommand.Create(), ReportCommand.Create(), RetryCommand.Create(),
            ExportCommand.Create(), ChatCommand.Create(), InspectCommand.Create(), ParityCommand.Create(), BenchCommand.Create(), DemoCommand.Create(), TestCommand.Create(), BackendCommand.Create(), ReadmeCommand.Create(),
        })
        {
            root.Subcommands.Add(command);
        }

        root.Options.OfType<HelpOption>().Single().Action = new HelpText();
        root.Options.OfType<VersionOption>().Single().Action = new VersionText();
        return root;
    }

    private static int Interrupted(ParseResult parsed, string[] arguments)
    {
        string again = parsed.CommandResult.Command is SeaCommand { Resumable: true }
            ? $"; what is done is kept, go on with\n  {string.Join(' ', arguments.Select(PostgresAddress.WithoutPassword).Prepend(Name).Select(Quoted))}"
            : "";
        Console.Error.WriteLine($"sea: interrupted{again}");
        return ExitCode.Interrupted;
    }

    private static int Failed(Exception failure, bool verbose)
    {
        Console.Error.WriteLine(failure is SeaException ? $"sea: {failure.Message}" : $"sea: {failure.GetType().Name}: {failure.Message}");
        if (failure is SeaException { Hint: { } hint })
        {
            Console.Error.WriteLine($"sea: {hint}");
        }

        if (verbose)
        {
            Console.Error.WriteLine(failure);
        }
        else if (failure is not SeaException)
        {
            Console.Error.WriteLine("sea: --verbose shows where this came from");
        }

        return failure is SeaException { WrongUse: true } ? ExitCode.WrongUse : ExitCode.Failed;
    }

    private static string Quoted(string word) =>
        word.Length > 0 && word.All(letter => char.IsLetterOrDigit(letter) || "-_./:=,@%+".Contains(letter)) ? word : $"'{word.Replace("'", "'\\''")}'";
}
