using System.Diagnostics;
using SeaCluster.Cli.Frame;

namespace SeaCluster.Cli.Testing;

/// <summary>Runs the built test projects one after the other and sums up their results.</summary>
/// <param name="root">The checkout.</param>
/// <param name="filter">A part of a test's name, a filter expression, or null for all.</param>
/// <param name="output">Gets the progress and, last, the summary.</param>
internal sealed class TestRun(string root, string? filter, TextWriter output)
{
    // A test that hangs is ended and named, so that the whole run still ends with its summary.
    private const string HangLimit = "8m";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(20);
    private readonly string _results = Path.Combine(root, "artifacts", "test");

    public async Task<int> Run(CancellationToken cancel)
    {
        if (Directory.Exists(_results))
        {
            Directory.Delete(_results, recursive: true);
        }

        string[] projects = Projects();
        List<TestResult> results = [];
        foreach (string project in projects)
        {
            results.AddRange(await Run(project, cancel));
        }

        foreach (IGrouping<string, TestResult> reason in results.Where(result => result.Outcome == TestOutcome.Skipped).GroupBy(result => result.Message, StringComparer.Ordinal))
        {
            output.WriteLine($"skipped, {reason.Key}:");
            foreach (TestResult skipped in reason)
            {
                output.WriteLine($"  {skipped.Name}");
            }
        }

        int Count(TestOutcome outcome) => results.Count(result => result.Outcome == outcome);
        if (results.Count == 0)
        {
            output.WriteLine(filter is null ? "no tests were found" : $"no test matches '{filter}'");
        }

        output.WriteLine($"{Count(TestOutcome.Passed)} passed, {Count(TestOutcome.Failed)} failed, {Count(TestOutcome.Skipped)} skipped");
        return results.Count == 0 ? ExitCode.WrongUse : Count(TestOutcome.Failed) == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    // The end-to-end tests last: what breaks them is usually named more precisely by the others.
    private string[] Projects() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(root, "tests"), "*.Tests.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file)!)
            .OrderBy(name => name.Contains("EndToEnd", StringComparison.Ordinal))
            .ThenBy(name => name, StringComparer.Ordinal),
    ];

    private async Task<IReadOnlyList<TestResult>> Run(string project, CancellationToken cancel)
    {
        string assembly = Assembly(project);
        string report = Path.Combine(_results, $"{project}.trx");
        string label = project.Replace("SeaCluster.", "").Replace(".Tests", "");
        if (!File.Exists(assembly))
        {
            return Broken(label, project, $"it is not built: {Path.GetRelativePath(root, assembly)} is missing");
        }

        Directory.CreateDirectory(_results);
        Stopwatch clock = Stopwatch.StartNew();
        (int code, string log) = await RunProcess(label, Arguments(assembly, report), clock, cancel);
        if (!File.Exists(report))
        {
            return code == 0 ? [] : Broken(label, project, $"the test host ended with exit code {code} and left no results:\n{Tail(log)}");
        }

        IReadOnlyList<TestResult> results = TrxFile.Read(report);
        TestResult[] failed = [.. results.Where(result => result.Outcome == TestOutcome.Failed)];
        if (results.Count > 0)
        {
            output.WriteLine($"{label,-10} {results.Count(result => result.Outcome == TestOutcome.Passed),5} passed {failed.Length,4} failed {results.Count(result => result.Outcome == TestOutcome.Skipped),4} skipped {clock.Elapsed.TotalSeconds,7:0.0} s");
        }

        foreach (TestResult result in failed)
        {
            Show(result);
        }

        // A host that dies half way (a native abort, a hang) leaves a report without the tests it never got to.
        return code != 0 && failed.Length == 0 ? [.. results, .. Broken(label, project, $"the test host ended early with exit code {code}:\n{Tail(log)}")] : results;
    }

    // Directory.Build.props gives a build with the TorchSharp package folders of its own; the tests lie where this command lies.
    private string Assembly(string project)
    {
        string packaged = Path.Combine(root, "artifacts", "torchsharp", "bin");
        string folder = AppContext.BaseDirectory.StartsWith(packaged, StringComparison.Ordinal) ? Path.Combine(packaged, project) : Path.Combine(root, "tests", project, "bin");
        return Path.Combine(folder, "Release", "net10.0", $"{project}.dll");
    }

    private IEnumerable<string> Arguments(string assembly, string report)
    {
        string[] common =
        [
            "test", assembly, "--logger", $"trx;LogFileName={report}", "--logger", "console;verbosity=normal",
            "--results-directory", _results, "--blame", "--blame-hang-timeout", HangLimit, "--blame-hang-dump-type", "none",
        ];
        return filter is null ? common : [.. common, "--filter", filter.IndexOfAny(['=', '~', '!']) >= 0 ? filter : $"FullyQualifiedName~{filter}"];
    }

    private async Task<(int Code, string Log)> RunProcess(string label, IEnumerable<string> arguments, Stopwatch clock, CancellationToken cancel)
    {
        ProcessStartInfo start = new("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = root };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync(cancel);
        List<string> lines = [];
        int ended = 0;
        TimeSpan shown = TimeSpan.Zero;
        try
        {
            while (await process.StandardOutput.ReadLineAsync(cancel) is { } line)
            {
                lines.Add(line);
                ended += line.StartsWith("  Passed ", StringComparison.Ordinal) || line.StartsWith("  Failed ", StringComparison.Ordinal) || line.StartsWith("  Skipped ", StringComparison.Ordinal) ? 1 : 0;
                if (clock.Elapsed - shown > Heartbeat)
                {
                    shown = clock.Elapsed;
                    output.WriteLine($"{label,-10} {ended,5} tests so far {shown.TotalSeconds,6:0} s");
                }
            }

            string rest = await errors;
            await process.WaitForExitAsync(cancel);
            return (process.ExitCode, string.Join('\n', lines) + '\n' + rest);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private IReadOnlyList<TestResult> Broken(string label, string project, string message)
    {
        TestResult result = new(project, TestOutcome.Failed, message, null);
        output.WriteLine($"{label,-10} broken");
        Show(result);
        return [result];
    }

    private void Show(TestResult result)
    {
        output.WriteLine($"FAILED {result.Name}");
        foreach (string line in result.Message.Split('\n').Take(20).Append(result.Place ?? "").Where(line => line.Trim().Length > 0))
        {
            output.WriteLine($"  {line.TrimEnd()}");
        }
    }

    // Frames of the runner's own stack drown the one line that says what happened.
    private static string Tail(string log) => string.Join('\n', log.Split('\n')
        .Where(line => line.Trim().Length > 0 && !line.TrimStart().StartsWith("at ", StringComparison.Ordinal))
        .TakeLast(15)
        .Select(line => line.Length > 160 ? line[..160] : line));
}
