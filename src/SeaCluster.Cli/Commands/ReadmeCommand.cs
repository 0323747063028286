using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SeaCluster.Cli.Frame;
using SeaCluster.Models;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea readme</c>, for maintainers: the tables of a page from what <c>sea demo --json</c> printed, so that no figure is typed by hand.</summary>
internal static class ReadmeCommand
{
    private static readonly (string Key, string Title)[] Columns =
    [
        ("asr_seen", "attack success, seen phrases"), ("asr_held_out", "attack success, held-out phrases"), ("asr_text", "attack success in text"),
        ("benign_compliance", "benign requests answered"), ("content_kept", "content kept"),
    ];

    private static readonly (string Marker, Func<JsonElement, string> Text)[] Tables =
        [("demo-table", Arms), ("ablation-table", Ablations), ("paired-table", demo => Paired(demo, "comparisons")), ("ablation-paired-table", demo => Paired(demo, "ablation_comparisons")), ("perception-table", Perception)];

    public static Command Create()
    {
        Argument<string> source = new("demo") { Description = "File with the output of 'sea demo --json'", HelpName = "DEMO.json" };
        Option<string> target = new("--file") { Description = "Page that has the markers", HelpName = "FILE", DefaultValueFactory = _ => Path.Combine(Checkout.Root, "README.md") };
        return new SeaCommand("readme", "Write the demo's tables into a page, each between its markers.", "readme demo.json", "readme demo.json --file docs/reproduction.md") { Hidden = true }.With(source, target).Does((parsed, _) =>
        {
            string page = parsed.GetValue(target)!, text = Read(page);
            using JsonDocument demo = Parse(parsed.GetValue(source)!);
            bool any = false;
            foreach ((string marker, Func<JsonElement, string> write) in Tables)
            {
                string start = $"<!-- {marker} -->", end = $"<!-- /{marker} -->";
                int from = text.IndexOf(start, StringComparison.Ordinal), to = text.IndexOf(end, StringComparison.Ordinal);
                if (from >= 0 && to > from)
                {
                    any = true;
                    text = $"{text[..(from + start.Length)]}\n{Written(write, demo.RootElement, parsed.GetValue(source)!)}{text[to..]}";
                }
            }

            AtomicFile.WriteAllText(page, any ? text : throw new SeaException($"{page}: no table's markers, such as '<!-- demo-table -->' before '<!-- /demo-table -->'."));
            return Task.FromResult(ExitCode.Done);
        });
    }

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : throw new SeaException($"{path}: no such file.") { WrongUse = true };

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(Read(path));
        }
        catch (JsonException error)
        {
            throw new SeaException($"{path}: is no JSON: {error.Message}", "Give the file that 'sea demo --json > FILE' wrote.", error) { WrongUse = true };
        }
    }

    private static string Written(Func<JsonElement, string> write, JsonElement demo, string path)
    {
        try
        {
            return write(demo);
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException)
        {
            throw new SeaException($"{path}: lacks figures that the page shows: {error.Message}", "An older or another command wrote it: run 'sea demo --json' (with --ablations for docs/reproduction.md) again.", error);
        }
    }

    private static string Arms(JsonElement demo)
    {
        JsonElement[] rows = Items(demo, "table");
        return Table(rows) + string.Create(CultureInfo.InvariantCulture,
            $"\n`{demo.GetProperty("command")}`: {rows.Max(row => row.GetProperty("seeds").GetInt32())} seeds, {demo.GetProperty("seconds").GetDouble():F0} s on {Environment.ProcessorCount} cores after set-up. ") +
            $"A cell holds, with every seed, {string.Join("; ", rows.GroupBy(row => row.GetProperty("modality").GetString()).Select(Cases))}.\n";
    }

    private static string Cases(IGrouping<string?, JsonElement> modality)
    {
        JsonElement any = modality.First();
        return $"in {modality.Key} {any.GetProperty("asr_held_out_n")} attacks on {any.GetProperty("asr_held_out_phrases")} phrases or {any.GetProperty("benign_compliance_n")} benign requests on {any.GetProperty("benign_compliance_phrases")}";
    }

    private static string Ablations(JsonElement demo) => Table(Items(demo, "ablations"));

    private static string Paired(JsonElement demo, string key) => Rows(["modality", "arms", "cases", "difference (95 % interval)", "p"], Items(demo, key).Select(test => new[]
    {
        test.GetProperty("modality").GetString()!,
        $"{test.GetProperty("first")} → {test.GetProperty("second")}",
        test.GetProperty("kind").GetString() == "harmful" ? "held-out attacks" : "benign requests",
        string.Create(CultureInfo.InvariantCulture, $"{test.GetProperty("difference").GetDouble():+0.00;-0.00;0.00} ({test.GetProperty("interval")[0].GetDouble():0.00} to {test.GetProperty("interval")[1].GetDouble():0.00})"),
        test.GetProperty("p").GetDouble() is var p && p < 0.001 ? "< 0.001" : p.ToString("F3", CultureInfo.InvariantCulture),
    }));

    // Of the ablations only in the report: a row for each would be a page of its own.
    private static string Perception(JsonElement demo) => Rows(["modality", "embeddings", "question", "optimised for it", "answered rightly"], Items(demo, "perception").Where(figure => !figure.GetProperty("method").GetString()!.Contains(',', StringComparison.Ordinal)).Select(figure => new[]
    {
        figure.GetProperty("modality").GetString()!, figure.GetProperty("method").GetString()!, figure.GetProperty("question").GetString()!, figure.GetProperty("trained").GetBoolean() ? "yes" : "no",
        $"{figure.GetProperty("right")} of {figure.GetProperty("asked")}",
    }));

    private static JsonElement[] Items(JsonElement demo, string key) => demo.TryGetProperty(key, out JsonElement items) ? [.. items.EnumerateArray()] : [];

    private static string Table(IEnumerable<JsonElement> rows) => Rows(
        ["modality", "arm", .. Columns.Select(column => column.Title)],
        rows.Select(row => new[] { row.GetProperty("modality").GetString()!, row.GetProperty("method").GetString()! }.Concat(Columns.Select(column => Cell(row, column.Key))).ToArray()));

    private static string Rows(string[] titles, IEnumerable<string[]> rows)
    {
        StringBuilder text = new();
        foreach (IReadOnlyList<string> line in rows.Prepend([.. titles.Select(_ => "---")]).Prepend(titles))
        {
            text.Append("| ").AppendJoin(" | ", line).Append(" |\n");
        }

        return text.ToString();
    }

    private static string Cell(JsonElement row, string key)
    {
        if (!row.TryGetProperty(key, out JsonElement value) || value.ValueKind != JsonValueKind.Number)
        {
            return "";
        }

        (double low, double high) = (row.GetProperty($"{key}_range")[0].GetDouble(), row.GetProperty($"{key}_range")[1].GetDouble());
        string range = row.GetProperty("seeds").GetInt32() > 1 ? string.Create(CultureInfo.InvariantCulture, $" ({low:F2}–{high:F2})") : "";
        return value.GetDouble().ToString("F2", CultureInfo.InvariantCulture) + range;
    }
}
