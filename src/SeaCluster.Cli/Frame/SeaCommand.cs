using System.CommandLine;

namespace SeaCluster.Cli.Frame;

/// <summary>A command with the examples that its help shows.</summary>
/// <param name="name">The word on the command line.</param>
/// <param name="description">What it does, in a sentence or two.</param>
/// <param name="examples">Whole command lines without the program's name.</param>
internal sealed class SeaCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>True where the same command line goes on with what an interruption left.</summary>
    public bool Resumable { get; init; }

    public SeaCommand With(params Symbol[] symbols)
    {
        foreach (Symbol symbol in symbols)
        {
            switch (symbol)
            {
                case Argument argument: Arguments.Add(argument); break;
                case Option option: Options.Add(option); break;
                case Command command: Subcommands.Add(command); break;
                default: throw new ArgumentException($"{symbol.GetType().Name} is no part of a command", nameof(symbols));
            }
        }

        return this;
    }

    public SeaCommand Does(Func<ParseResult, CancellationToken, Task<int>> action)
    {
        SetAction(action);
        return this;
    }
}
