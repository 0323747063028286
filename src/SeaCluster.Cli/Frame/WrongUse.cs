using System.CommandLine;
using System.CommandLine.Parsing;

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
            string meant = Nearest(token, Candidates(command, token)) is { } near ? $"; did you mean '{near}'?" : "";
            error.WriteLine($"sea: '{token}' is not {(kind == "command" ? "a" : "an")} {kind} of '{Path(command)}'{meant}");
        }

        // With an unknown word reported, "required command was not provided" would only say it twice.
        foreach (ParseError problem in result.Errors.Where(problem => !unknown.Any(token => problem.Message.Contains($"'{token}'", StringComparison.Ordinal))))
        {
            if (unknown.Count == 0 || problem.SymbolResult is not CommandResult)
            {
                error.WriteLine($"sea: {problem.Message}");
            }
        }

        error.WriteLine($"sea: '{Path(command)} --help' shows how it is used");
        return ExitCode.WrongUse;
    }

    /// <summary>The name nearest to <paramref name="typed"/>, or null when none is near.</summary>
    public static string? Nearest(string typed, IEnumerable<string> names)
    {
        (string name, int distance) = names
            .Select(name => (name, Distance(typed, name)))
            .Append(("", int.MaxValue))
            .MinBy(pair => pair.Item2);
        return distance <= Math.Max(1, typed.Length / 3) ? name : null;
    }

    private static IEnumerable<string> Candidates(Command command, string token) =>
        token.StartsWith('-')
            ? command.Options.Concat(Ancestors(command).SelectMany(parent => parent.Options).Where(option => option.Recursive)).Where(option => !option.Hidden).Select(option => option.Name)
            : command.Subcommands.Where(child => !child.Hidden).Select(child => child.Name);

    private static IEnumerable<Command> Ancestors(Command command) =>
        command.Parents.OfType<Command>().SelectMany(parent => Ancestors(parent).Prepend(parent));

    private static string Path(Command command) =>
        string.Join(' ', Ancestors(command).Reverse().Append(command).Select(each => each is RootCommand ? Program.Name : each.Name));

    // Edits between two words, a swap of neighbours counted once.
    private static int Distance(string left, string right)
    {
        int[,] cost = new int[left.Length + 1, right.Length + 1];
        for (int i = 0; i <= left.Length; i++)
        {
            for (int j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int replaced = cost[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replaced, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[left.Length, right.Length];
    }
}
