using System.CommandLine;
using System.CommandLine.Parsing;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Cli.Frame;

/// <summary>Says what is wrong with a command line, and what was probably meant.</summary>
internal static class WrongUse
{
    public static int Explain(ParseResult result, TextWriter error)
    {
        Command command = result.CommandResult.Command;
        HashSet<string> unknown = [.. result.UnmatchedTokens];
        foreach (string token in unknown)
        {
            string kind = token.StartsWith('-') ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
            string meant = Spelling.Nearest(token, Candidates(command, token)) is { } near ? $"; did you mean '{near}'?" : "";
            error.WriteLine($"sea: '{PostgresAddress.WithoutPassword(token)}' is not {(kind == "command" ? "a" : "an")} {kind} of '{Path(command)}'{meant}");
        }

        // With an unknown word reported, "required command was not provided" would only say it twice.
        foreach (ParseError problem in result.Errors.Where(problem => !unknown.Any(token => problem.Message.Contains($"'{token}'", StringComparison.Ordinal))))
        {
            if (unknown.Count == 0 || problem.SymbolResult is not CommandResult)
            {
                error.WriteLine($"sea: {PostgresAddress.WithoutPassword(problem.Message)}");
            }
        }

        error.WriteLine($"sea: '{Path(command)} --help' shows how it is used");
        return ExitCode.WrongUse;
    }

    private static IEnumerable<string> Candidates(Command command, string token) =>
        token.StartsWith('-')
            ? command.Options.Concat(Ancestors(command).SelectMany(parent => parent.Options).Where(option => option.Recursive)).Where(option => !option.Hidden).Select(option => option.Name)
            : command.Subcommands.Where(child => !child.Hidden).Select(child => child.Name);

    private static IEnumerable<Command> Ancestors(Command command) =>
        command.Parents.OfType<Command>().SelectMany(parent => Ancestors(parent).Prepend(parent));

    private static string Path(Command command) =>
        string.Join(' ', Ancestors(command).Reverse().Append(command).Select(each => each is RootCommand ? Program.Name : each.Name));
}
