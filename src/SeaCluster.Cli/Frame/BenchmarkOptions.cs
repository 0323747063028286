using System.CommandLine;
using System.Globalization;
using SeaCluster.Method.Evaluation.Benchmarks;
using SeaCluster.Models;

namespace SeaCluster.Cli.Frame;

/// <summary>The options that name a benchmark and the part of it that is meant.</summary>
internal sealed class BenchmarkOptions
{
    private readonly Option<string?> _name;
    private readonly Option<string[]> _tasks;
    private readonly Option<string[]> _scenarios;
    private readonly Option<bool> _tiny;

    public BenchmarkOptions(bool required)
    {
        string[] names = [.. Benchmark.All.Select(each => each.Name)];
        _name = new Option<string?>("--benchmark") { Description = $"A published benchmark: {string.Join(", ", names)}", HelpName = "NAME", Required = required };
        _name.AcceptOnlyFromAmong(names);
        string given = required ? "Only " : "With --benchmark: only ";
        _tasks = new Option<string[]>("--task") { Description = $"{given}this task, such as TYPO; may be given several times; default: all whose media are there", HelpName = "TASK" };
        _scenarios = new Option<string[]>("--scenario") { Description = $"{given}this scenario by name or number, such as 6-Fraud; may be given several times; default: all", HelpName = "NAME" };
        _tiny = new Option<bool>("--tiny") { Description = $"{given}the small version that MM-SafetyBench and FigStep publish" };
    }

    public Symbol[] Symbols => [_name, _tasks, _scenarios, _tiny];

    public bool NamesTasks(ParseResult parsed) => parsed.GetValue(_tasks) is { Length: > 0 };

    /// <summary>Reads the benchmark; null where none is named.</summary>
    /// <exception cref="SeaException">The path or the selection is wrong.</exception>
    public BenchmarkSet? Read(ParseResult parsed, string path)
    {
        BenchmarkSelection selection = new(parsed.GetValue(_tasks) ?? [], parsed.GetValue(_scenarios) ?? [], parsed.GetValue(_tiny));
        if (parsed.GetValue(_name) is { } name)
        {
            return Benchmark.Parse(name).Read(path, selection);
        }

        return selection is { Tasks.Count: 0, Scenarios.Count: 0, Tiny: false }
            ? null
            : throw new SeaException("--task, --scenario and --tiny choose a part of a benchmark, and none is named.", "Add --benchmark NAME.") { WrongUse = true };
    }

    /// <summary>Counts by task and scenario, beside what the authors publish.</summary>
    public static void Show(BenchmarkSet set)
    {
        Screen.Table(
            ["Task", "Scenario", "Cases", "No medium", "Malformed", "Published"],
            set.Counts.Select(count => (IReadOnlyList<string>)[count.Task, count.Scenario, Number(count.Cases), Number(count.MissingMedia), Number(count.Malformed), count.Published is { } published ? Number(published) : ""]),
            2, 3, 4, 5);
        Screen.Line($"{set.Benchmark.Title}: {set.Cases.Count} cases, {set.Problems.Count} problems{(set.AbsentTasks.Count > 0 ? $"; no media of {string.Join(", ", set.AbsentTasks)}" : "")}");
    }

    private static string Number(int count) => count.ToString(CultureInfo.InvariantCulture);
}
