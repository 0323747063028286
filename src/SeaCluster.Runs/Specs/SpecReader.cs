using SeaCluster.Models;

namespace SeaCluster.Runs.Specs;

/// <summary>What reading a spec gave: the spec, or its problems.</summary>
/// <param name="Spec">Null when there are problems.</param>
/// <param name="Problems">In the file's order.</param>
public sealed record SpecReading(RunSpec? Spec, IReadOnlyList<SpecProblem> Problems);

/// <summary>Reads and checks run specs; reports everything that is wrong at once.</summary>
public static class SpecReader
{
    internal const string Noun = "run spec";
    internal const string Example = "samples/run.example.yaml shows every option with its default";

    /// <summary>Reads a spec file, with <paramref name="overrides"/> (dotted path and YAML value) over it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides">What the command line sets.</param>
    /// <param name="checkFiles">Whether a path that names nothing is a problem; not where the run is for another machine.</param>
    /// <exception cref="SeaException">The file is missing or unreadable, or has problems: all are named with path and line.</exception>
    public static RunSpec Load(string path, IReadOnlyList<KeyValuePair<string, string>>? overrides = null, bool checkFiles = true)
    {
        string full = Path.GetFullPath(path);
        SpecReading reading = Read(SpecFile.Text(path, Noun, Example), Path.GetDirectoryName(full)!, overrides, checkFiles);
        RunSpec spec = reading.Spec ?? throw SpecProblems.ToException(path, reading.Problems);
        return spec.Name is null ? spec with { Name = NameOf(full) } : spec;
    }

    /// <summary>Reads a run folder's frozen spec without asking whether the files it names still exist.</summary>
    /// <exception cref="SeaException">The file is missing or was altered into something that is no spec.</exception>
    public static RunSpec LoadFrozen(string path)
    {
        SpecReading reading = Read(SpecFile.Text(path, Noun, Example), Path.GetDirectoryName(Path.GetFullPath(path))!);
        return reading.Spec ?? throw SpecProblems.ToException(path, reading.Problems);
    }

    /// <summary>Reads a spec from text.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="folder">What relative paths are relative to.</param>
    /// <param name="overrides">Dotted path and YAML value of what the command line sets.</param>
    /// <param name="checkFiles">Whether a path that names nothing is a problem.</param>
    public static SpecReading Read(string yaml, string folder, IReadOnlyList<KeyValuePair<string, string>>? overrides = null, bool checkFiles = false)
    {
        List<SpecProblem> problems = [];
        MappingNode? root = SpecDocument.Parse(yaml, problems);
        if (root is null)
        {
            return new SpecReading(null, problems);
        }

        foreach ((string path, string value) in overrides ?? [])
        {
            SpecDocument.Override(root, path, value, problems);
        }

        return Read(root, folder, problems, checkFiles, null);
    }

    // A variant that sets some options sheds those of its base that it leaves unread; those that it sets itself it must read.
    internal static SpecReading Read(MappingNode root, string folder, List<SpecProblem> problems, bool checkFiles, IReadOnlySet<string>? own)
    {
        Dictionary<string, int> lines = new(StringComparer.Ordinal);
        RunSpec spec = new();
        SpecFile.Fill(root, SpecSchema.Root, Noun, spec, folder, lines, problems);

        if (own is not null)
        {
            Unread.Shed(spec, own);
        }

        // Rules between options would only repeat what is already known to be wrong.
        HashSet<string> wrong = [.. problems.Select(problem => problem.Path)];
        problems.AddRange(SpecRules.Check(spec, checkFiles)
            .Where(problem => !wrong.Contains(problem.Path))
            .Select(problem => problem with { Line = lines.GetValueOrDefault(problem.Path) }));
        return problems.Count == 0
            ? new SpecReading(spec, [])
            : new SpecReading(null, [.. problems.OrderBy(problem => problem.Line == 0 ? int.MaxValue : problem.Line)]);
    }

    private static string NameOf(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        return name is "run" or "spec" ? Path.GetFileName(Path.GetDirectoryName(path)) is { Length: > 0 } folder ? folder : name : name;
    }
}
