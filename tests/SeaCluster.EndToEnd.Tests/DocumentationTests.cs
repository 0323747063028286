using System.Text.RegularExpressions;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>What the documentation tells people to type.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public async Task Every_command_and_option_that_the_documentation_names_exists()
    {
        Dictionary<string, string> help = [];
        foreach (string command in (await FrameTests.Commands()).Append("readme")) // For those who work on the project: not in the list.
        {
            help[command] = (await SeaProcess.Run([.. command.Split(' '), "--help"])).Output;
        }

        string[] pages = [Repository.PathOf("README.md"), Repository.PathOf("CONTRIBUTING.md"), .. Directory.GetFiles(Repository.PathOf("docs"), "*.md"), .. Directory.GetFiles(Repository.PathOf("benchmarks"), "*.md", SearchOption.AllDirectories)];
        List<string> wrong = [];
        int found = 0;
        foreach (string page in pages)
        {
            foreach (string line in CommandLine().Matches(await File.ReadAllTextAsync(page)).Select(match => match.Groups["line"].Value).Where(line => !line.StartsWith("COMMAND", StringComparison.Ordinal)))
            {
                found++;
                string? named = help.Keys.Append("bench").Append("inspect").Where(command => $"{line} ".StartsWith($"{command} ", StringComparison.Ordinal)).MaxBy(command => command.Length);
                IEnumerable<string> options = named is not null && help.TryGetValue(named, out string? known)
                    ? Option().Matches(line).Select(option => option.Value).Where(option => !Regex.IsMatch(known, $"^ .*{option}\\b", RegexOptions.Multiline, TimeSpan.FromSeconds(1)))
                    : [];
                wrong.AddRange(named is null ? [$"{Path.GetFileName(page)}: sea {line}"] : options.Select(option => $"{Path.GetFileName(page)}: {option} of sea {line}"));
            }
        }

        found.ShouldBeGreaterThan(30);
        wrong.ShouldBeEmpty();
    }

    // In a block of its own or between back quotes, up to its comment.
    [GeneratedRegex("(?:^ *|`)(?:\\./)?sea (?<line>[A-Za-z][^`#\n]*)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CommandLine();

    [GeneratedRegex("--[a-z]+(-[a-z]+)*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Option();
}
