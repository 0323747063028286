using System.Text.RegularExpressions;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>What every command has in common: help, exit codes, and the naming of wrong use.</summary>
public sealed partial class FrameTests
{
    [Fact]
    public async Task Without_a_command_the_help_is_shown()
    {
        SeaResult result = await SeaProcess.Run();

        result.ExitCode.ShouldBe(0, result.All);
        result.Output.ShouldContain("Commands:");
        result.Output.ShouldContain("130 interrupted");
        result.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_command_has_help_with_an_example_in_80_columns_and_without_colours()
    {
        IReadOnlyList<string> commands = await Commands();
        commands.ShouldContain("test");
        foreach (string command in commands)
        {
            SeaResult result = await SeaProcess.Run([.. command.Split(' '), "--help"]);

            result.ExitCode.ShouldBe(0, command + result.All);
            result.Output.ShouldContain($"Examples:\n  sea {command}", customMessage: command);
            result.Output.ShouldContain("Exit codes:", customMessage: command);
            result.Output.ShouldNotContain("\u001b", customMessage: command);
            result.Output.Split('\n').Where(line => line.Length > 80).ShouldBeEmpty(command);
        }
    }

    [Theory]
    [InlineData("tset", "sea: 'tset' is not a command of 'sea'; did you mean 'test'?")]
    [InlineData("test --fliter x", "sea: '--fliter' is not an option of 'sea test'; did you mean '--filter'?")]
    [InlineData("frobnicate", "sea: 'frobnicate' is not a command of 'sea'\n")]
    public async Task Wrong_words_are_named_with_what_was_probably_meant(string arguments, string expected)
    {
        SeaResult result = await SeaProcess.Run(arguments.Split(' '));

        result.ExitCode.ShouldBe(2, result.All);
        result.Error.ShouldContain(expected);
        result.Error.ShouldContain("--help' shows how it is used");
        result.Output.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_option_without_its_value_is_wrong_use()
    {
        SeaResult result = await SeaProcess.Run("test", "--filter");

        result.ExitCode.ShouldBe(2, result.All);
        result.Error.ShouldContain("--filter");
    }

    /// <summary>All commands, found the way a user would: through the help.</summary>
    internal static async Task<IReadOnlyList<string>> Commands(string parent = "")
    {
        SeaResult help = await SeaProcess.Run([.. parent.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Match section = CommandSection().Match(help.Output);
        if (!section.Success)
        {
            return parent.Length > 0 ? [parent] : [];
        }

        List<string> found = [];
        foreach (string name in section.Groups["rows"].Value.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' ').Select(line => line.Trim().Split(' ')[0]))
        {
            found.AddRange(await Commands($"{parent} {name}".Trim()));
        }

        return found;
    }

    [GeneratedRegex("^Commands:\n(?<rows>(  .*\n)+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex CommandSection();
}
