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

        Screen.Lines = parsed.GetValue(SharedOptions.LogFormat);
        Screen.Category = parsed.CommandResult.Command.Name;
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
        root.Options.Add(SharedOptions.LogFormat);
        foreach (Command command in new Command[]
        {
            SetupCommand.Create(), PrepareCommand.Create(), SynthesizeCommand.Create(), EraserCommand.Create(), AlignCommand.Create(), EvaluateCommand.Create(), GateCommand.Create(), PowerCommand.Create(), RunCommand.Create(), WorkerCommand.Create(), SiloCommand.Create(), MigrateCommand.Create(), ServeCommand.Create(), TrainerCommand.Create(), TokenCommand.Create(), SubmitCommand.Create(), StatusCommand.Create(), ReportCommand.Create(), RetryCommand.Create(), AuditCommand.Create(), VerifyCommand.Create(),
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
        Screen.Say($"interrupted{again}");
        return ExitCode.Interrupted;
    }

    private static int Failed(Exception failure, bool verbose)
    {
        Screen.Say(failure is SeaException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}", "error");
        if (failure is SeaException { Hint: { } hint })
        {
            Screen.Say(hint, "error");
        }

        if (verbose)
        {
            Console.Error.WriteLine(failure);
        }
        else if (failure is not SeaException)
        {
            Screen.Say("--verbose shows where this came from", "error");
        }

        return failure is SeaException { WrongUse: true } ? ExitCode.WrongUse : ExitCode.Failed;
    }

    private static string Quoted(string word) =>
        word.Length > 0 && word.All(letter => char.IsLetterOrDigit(letter) || "-_./:=,@%+".Contains(letter)) ? word : $"'{word.Replace("'", "'\\''")}'";
}
