using SeaCluster.Method.Preparation.Rows;
using SeaCluster.Models;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Studies;

/// <summary>
/// Reads the sections that make several runs of a run spec: <c>controls</c> (<c>all</c> or a list of arms), <c>variants</c> (names, each with the keys that it sets) and
/// <c>grid</c> (keys, each with the values that it takes, every combination). They share one mechanism: a variant sets keys of the spec.
/// </summary>
public static class StudyReader
{
    private const int MostVariants = 1000;
    private static readonly string[] Sections = ["controls", "variants", "grid"];

    /// <summary>Reads a study.</summary>
    /// <param name="path">The spec file.</param>
    /// <param name="overrides">Dotted path and YAML value of what the command line sets, under every variant.</param>
    /// <param name="controls">Whether the command line asks for all control arms.</param>
    /// <param name="grid">Dotted path and YAML list of what the command line varies.</param>
    /// <returns>The study; null where the spec is of a single run.</returns>
    /// <exception cref="SeaException">The file or a variant has problems: all are named with path, line and variant.</exception>
    public static StudySpec? Load(string path, IReadOnlyList<KeyValuePair<string, string>> overrides, bool controls, IReadOnlyList<KeyValuePair<string, string>> grid)
    {
        string text = SpecFile.Text(path, SpecReader.Noun, SpecReader.Example), folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        List<SpecProblem> problems = [];
        MappingNode? root = SpecDocument.Parse(text, problems);
        bool several = controls || grid.Count > 0 || root?.Items.Any(item => Sections.Contains(item.Key.Text, StringComparer.Ordinal)) == true;
        if (root is null || !several)
        {
            return null;
        }

        foreach ((string key, string values) in grid)
        {
            SpecDocument.Override(root, $"grid.{key}", values.StartsWith('[') ? values : $"[{values}]", problems);
        }

        bool all = controls;
        List<Change> arms = [.. Variants(root, problems), .. Controls(root, ref all, problems)];
        IReadOnlyList<(string Key, IReadOnlyList<SpecNode> Values)> axes = Axes(root, problems);
        if (problems.Count > 0)
        {
            throw SpecProblems.ToException(path, problems);
        }

        List<RunVariant> variants = [];
        List<KeyValuePair<string, string>> left = [];
        List<(Change Change, SpecProblem Problem)> refused = [];
        string? name = null;
        int tried = 0;
        foreach (Change change in Product(arms.Count > 0 ? arms : [new Change("", "", [], false)], axes))
        {
            tried++;
            (RunSpec? spec, IReadOnlyList<SpecProblem> wrong) = Apply(text, folder, overrides, change);
            string? lack = spec is null ? wrong[0].ToString() : change.Control && all && Lacks(spec) is { } what ? what : null;
            refused.AddRange(wrong.Select(problem => (change, problem)));
            if (lack is not null && change.Control && all)
            {
                left.Add(new(change.Name, lack));
            }
            else if (spec is null)
            {
                problems.AddRange(wrong.Select(problem => problem with { Message = change.Name.Length == 0 ? problem.Message : $"{problem.Message} (variant '{change.Name}')" }));
            }
            else
            {
                name ??= spec.Name ?? Path.GetFileNameWithoutExtension(path);
                variants.Add(new RunVariant(change.Name, change.Arm, spec with { Name = change.Name, Out = null }));
            }
        }

        // What is wrong with every variant is wrong with the spec: said once, and no reason to leave an arm out.
        SpecProblem[] common = [.. refused.GroupBy(each => each.Problem).Where(group => group.Count() == tried).Select(group => group.Key)];
        if (common.Length > 0)
        {
            throw SpecProblems.ToException(path, common);
        }

        string[] twice = [.. variants.GroupBy(variant => variant.Name, StringComparer.Ordinal).Where(group => group.Skip(1).Any()).Select(group => group.Key)];
        problems.AddRange(twice.Select(each => new SpecProblem("variants", 0, $"'{each}' is there twice; give one another name")));
        if (variants.Count is 0 or > MostVariants && problems.Count == 0)
        {
            problems.Add(new SpecProblem("variants", 0, $"expected from 1 to {MostVariants} runs, found {variants.Count}"));
        }

        return problems.Count == 0 ? new StudySpec(name!, variants, left) : throw SpecProblems.ToException(path, [.. problems.Distinct()]);
    }

    private static (RunSpec? Spec, IReadOnlyList<SpecProblem> Problems) Apply(string text, string folder, IReadOnlyList<KeyValuePair<string, string>> overrides, Change change)
    {
        List<SpecProblem> problems = [];
        MappingNode root = SpecDocument.Parse(text, problems)!;
        root.Items.RemoveAll(item => Sections.Contains(item.Key.Text, StringComparer.Ordinal));
        foreach ((string key, string value) in overrides)
        {
            SpecDocument.Override(root, key, value, problems);
        }

        foreach ((string key, SpecNode value) in change.Keys)
        {
            SpecDocument.Set(root, key, value);
        }

        SpecReading reading = SpecReader.Read(root, folder, problems, checkFiles: true, Own(change));
        return (reading.Spec, reading.Problems);
    }

    // What a variant sets must be read; what a control arm sets beside it may be unread in this spec, and goes back to its default.
    private static HashSet<string> Own(Change change)
    {
        string[] arm = change.Control ? [.. ControlArms.All.SelectMany(known => known.Value).Select(key => key.Key)] : [];
        return [.. change.Keys.Select(key => key.Key).Except(arm)];
    }

    // What only the rows can tell.
    private static string? Lacks(RunSpec spec) =>
        spec.Align.Method == AlignmentMethod.Sft || (spec.Align.Method == AlignmentMethod.Eraser && spec.Data.Eraser is not null) || RowReader.Read(spec.Data.Path).Any(read => read.Row?.Rejected is not null) ? null : $"no row of {spec.Data.Path} has an unwanted answer ('rejected')";

    private static IEnumerable<Change> Variants(MappingNode root, List<SpecProblem> problems)
    {
        if (Find(root, "variants") is not { } node)
        {
            return [];
        }

        if (node is not MappingNode names)
        {
            problems.Add(new SpecProblem("variants", node.Line, $"expected names, each with the keys that it sets, found {SpecValue.Found(node)}"));
            return [];
        }

        List<Change> found = [];
        foreach ((ScalarNode name, SpecNode keys) in names.Items)
        {
            if (keys is MappingNode mapping)
            {
                found.Add(new Change(name.Text, name.Text, [.. Flat("", mapping)], false));
            }
            else if (keys is ScalarNode { Plain: true, Text: "" or "null" or "~" })
            {
                found.Add(new Change(name.Text, name.Text, [], false));
            }
            else
            {
                problems.Add(new SpecProblem($"variants.{name.Text}", name.Line, $"expected keys of a run spec with their values, found {SpecValue.Found(keys)}"));
            }
        }

        return found;
    }

    // 'align: { steps: 5 }' and 'align.steps: 5' say the same.
    private static IEnumerable<KeyValuePair<string, SpecNode>> Flat(string above, MappingNode node) => node.Items.SelectMany(item => item.Value is MappingNode below
        ? Flat($"{above}{item.Key.Text}.", below)
        : [new KeyValuePair<string, SpecNode>(above + item.Key.Text, item.Value)]);

    private static IEnumerable<Change> Controls(MappingNode root, ref bool all, List<SpecProblem> problems)
    {
        SpecNode? node = Find(root, "controls");
        all |= node is ScalarNode { Text: "all" };
        if (all)
        {
            return ControlArms.All.Select(arm => OfArm(arm.Key, arm.Value));
        }

        List<Change> found = [];
        foreach (SpecNode item in node switch { null => [], SequenceNode list => list.Items, _ => [node] })
        {
            string name = item is ScalarNode scalar ? scalar.Text.Replace('_', '-') : "";
            if (ControlArms.All.FirstOrDefault(arm => arm.Key == name) is { Key: not null } arm)
            {
                found.Add(OfArm(arm.Key, arm.Value));
            }
            else
            {
                string near = Spelling.Nearest(name, ControlArms.All.Select(known => known.Key)) is { } meant ? $"; did you mean '{meant}'?" : "";
                problems.Add(new SpecProblem("controls", item.Line, $"expected all or some of {string.Join(", ", ControlArms.All.Select(known => known.Key))}, found {SpecValue.Found(item)}{near}"));
            }
        }

        return found;
    }

    private static Change OfArm(string name, IReadOnlyList<KeyValuePair<string, string>> keys)
    {
        MappingNode values = new([], 0);
        foreach ((string key, string value) in keys)
        {
            SpecDocument.Override(values, key, value, []);
        }

        return new Change(name, name, [.. Flat("", values)], Control: true);
    }

    private static List<(string Key, IReadOnlyList<SpecNode> Values)> Axes(MappingNode root, List<SpecProblem> problems)
    {
        List<(string Key, IReadOnlyList<SpecNode> Values)> axes = [];
        SpecNode? node = Find(root, "grid");
        if (node is not null and not MappingNode)
        {
            problems.Add(new SpecProblem("grid", node.Line, $"expected keys, each with a list of values, found {SpecValue.Found(node)}"));
        }

        foreach ((string key, SpecNode value) in node is MappingNode mapping ? Flat("", mapping) : [])
        {
            if (value is SequenceNode { Items.Count: > 0 } list)
            {
                axes.Add((key, list.Items));
            }
            else
            {
                problems.Add(new SpecProblem($"grid.{key}", value.Line, $"expected a list of values, found {SpecValue.Found(value)}"));
            }
        }

        return axes;
    }

    private static IEnumerable<Change> Product(IReadOnlyList<Change> arms, IReadOnlyList<(string Key, IReadOnlyList<SpecNode> Values)> axes) =>
        axes.Aggregate<(string Key, IReadOnlyList<SpecNode> Values), IEnumerable<Change>>(arms, (made, axis) => made.SelectMany(change => axis.Values.Select(value =>
        {
            string label = $"{axis.Key.Split('.')[^1]}={Text(value)}";
            bool seed = axis.Key == "seed";
            return change with
            {
                Name = Joined(change.Name, label),
                Arm = seed ? change.Arm : Joined(change.Arm, label),
                Keys = [.. change.Keys.Where(key => key.Key != axis.Key), new KeyValuePair<string, SpecNode>(axis.Key, value)],
            };
        })));

    private static string Joined(string first, string second) => first.Length == 0 ? second : $"{first}, {second}";

    private static string Text(SpecNode node) => node switch
    {
        ScalarNode scalar => scalar.Text,
        SequenceNode list => string.Join('+', list.Items.Select(Text)),
        _ => "...",
    };

    private static SpecNode? Find(MappingNode root, string name) => root.Items.FirstOrDefault(item => item.Key.Text == name).Value;

    private sealed record Change(string Name, string Arm, IReadOnlyList<KeyValuePair<string, SpecNode>> Keys, bool Control);
}
