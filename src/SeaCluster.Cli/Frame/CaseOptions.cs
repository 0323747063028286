using System.CommandLine;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Benchmarks;
using SeaCluster.Models;

namespace SeaCluster.Cli.Frame;

/// <summary>The options that choose what is asked: cases of one's own, or a published benchmark.</summary>
internal sealed class CaseOptions
{
    private const int MostNamed = 10;

    private readonly Option<string> _data = SharedOptions.Existing(new Option<string>("--data") { Description = "Cases, one JSON object a line: id, question, kind (harmful, benign, borderline or content), and where there are: media, category, group, phrase, expected. With --benchmark its folder or file as downloaded", HelpName = "PATH", Required = true });
    private readonly BenchmarkOptions _benchmark = new(required: false);
    private readonly Option<bool> _partial = new("--partial") { Description = "With --benchmark: ask the rest where rows are unusable or lack their medium; the exit code is then 3" };

    public Symbol[] Symbols => [_data, .. _benchmark.Symbols, _partial];

    /// <summary>Reads the cases and, for a benchmark, says what there is of it.</summary>
    /// <exception cref="SeaException">They cannot be read, or some cannot be used.</exception>
    public (IReadOnlyList<EvaluationCase> Cases, BenchmarkSet? Benchmark) Read(ParseResult parsed)
    {
        string path = parsed.GetValue(_data)!;
        if (_benchmark.Read(parsed, path) is { } set)
        {
            if (set.Problems.Count > 0 && !parsed.GetValue(_partial))
            {
                throw new SeaException(
                    $"{string.Join('\n', set.Problems.Take(MostNamed))}\n{set.Problems.Count} rows of {set.Benchmark.Title} cannot be asked.",
                    "Mend the download ('sea bench check' lists everything), or ask the rest with --partial: its figures are then not the benchmark's.");
            }

            return (set.Cases, set);
        }

        if (Directory.Exists(path))
        {
            throw new SeaException($"--data {path} is a folder, a file of cases is needed.", "With --benchmark NAME the folder of a benchmark is read.") { WrongUse = true };
        }

        CaseSet own = CaseReader.Read(path);
        return own.Problems.Count == 0
            ? (own.Cases, null)
            : throw new SeaException(string.Join('\n', own.Problems.Take(MostNamed)), "Mend these lines: leaving cases out would measure something else.");
    }

    /// <summary>The cases that a model can be asked: tasks of another modality fall away, unless they were asked for by name.</summary>
    /// <exception cref="SeaException">None is left, or one was asked for by name.</exception>
    public IReadOnlyList<EvaluationCase> For(ParseResult parsed, IMultimodalModel model, IReadOnlyList<EvaluationCase> cases, BenchmarkSet? benchmark)
    {
        if (benchmark is null)
        {
            return cases;
        }

        BenchmarkTask[] foreign = [.. benchmark.Benchmark.Tasks.Where(task => task.Modality is { } modality && !model.Config.Modalities.Contains(modality) && benchmark.Counts.Any(count => count.Task == task.Name))];
        if (foreign.Length > 0 && _benchmark.NamesTasks(parsed))
        {
            model.Config.Require(foreign[0].Modality!.Value);
        }

        foreach (BenchmarkTask task in foreign)
        {
            Screen.Say($"{task.Name} is left out: the model takes no {task.Modality!.Value.Name()}");
        }

        IReadOnlyList<EvaluationCase> left = [.. cases.Where(asked => !foreign.Any(task => task.Name == asked.Group))];
        return left.Count > 0 ? left : throw new SeaException($"Nothing of {benchmark.Benchmark.Title} can be put to this model.", "Name another benchmark or another model.");
    }
}
