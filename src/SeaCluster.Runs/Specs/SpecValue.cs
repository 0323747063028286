using System.Globalization;
using System.Text.RegularExpressions;

namespace SeaCluster.Runs.Specs;

/// <summary>Reads and writes single values of a spec.</summary>
internal static partial class SpecValue
{
    /// <returns>The value; null also when a problem was added.</returns>
    public static object? Read(SpecEntry entry, SpecNode node, string folder, List<SpecProblem> problems)
    {
        if (entry.ItemType is not null)
        {
            return ReadList(entry, node, problems);
        }

        if (node is not ScalarNode scalar)
        {
            problems.Add(Wrong(entry, node));
            return null;
        }

        if (scalar.Plain && (scalar.Text is "" or "null" or "~" || (scalar.Text == "auto" && entry.Rules.Auto)))
        {
            if (!entry.Nullable)
            {
                problems.Add(Wrong(entry, node));
            }

            return null;
        }

        object? value = Scalar(entry.ValueType, scalar);
        if (value is null)
        {
            problems.Add(Wrong(entry, node));
        }
        else if (OutOfRange(entry, value))
        {
            problems.Add(Wrong(entry, node));
            value = null;
        }

        if (value is string text && entry.Rules.Path)
        {
            if (text.Length == 0 || text.Contains('\0'))
            {
                problems.Add(Wrong(entry, node));
                return null;
            }

            return Path.GetFullPath(text, folder);
        }

        return value;
    }

    private static Array? ReadList(SpecEntry entry, SpecNode node, List<SpecProblem> problems)
    {
        if (node is not SequenceNode list)
        {
            problems.Add(Wrong(entry, node));
            return null;
        }

        Array values = Array.CreateInstance(entry.ItemType!, list.Items.Count);
        for (int i = 0; i < list.Items.Count; i++)
        {
            object? value = list.Items[i] is ScalarNode scalar ? Scalar(entry.ItemType!, scalar) : null;
            if (value is null or "")
            {
                problems.Add(new SpecProblem($"{entry.Path}[{i}]", list.Items[i].Line, $"expected {Kind(entry.ItemType!)}, found {Found(list.Items[i])}{Near(entry.ItemType!, list.Items[i])}"));
                return null;
            }

            values.SetValue(value, i);
        }

        return values;
    }

    private static object? Scalar(Type type, ScalarNode node)
    {
        string text = node.Text;
        if (type == typeof(string))
        {
            return text;
        }

        if (type == typeof(bool))
        {
            return text switch { "true" or "True" or "TRUE" => true, "false" or "False" or "FALSE" => false, _ => null };
        }

        if (type == typeof(int))
        {
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null;
        }

        if (type == typeof(long))
        {
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
        }

        if (type == typeof(double))
        {
            return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double number)
                && double.IsFinite(number) ? number : null;
        }

        if (type == typeof(TimeSpan))
        {
            return Duration(text);
        }

        int index = SpecEntry.NamesOf(type).ToList().FindIndex(name => name == text || name.Replace('_', '-') == text);
        return index >= 0 ? Enum.GetValues(type).GetValue(index) : null;
    }

    private static object? Duration(string text)
    {
        Match match = DurationPattern().Match(text);
        if (!match.Success || !double.TryParse(match.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
        {
            return null;
        }

        double seconds = number * match.Groups["unit"].Value switch { "ms" => 0.001, "s" => 1, "m" => 60, "h" => 3600, _ => 86400 };
        return seconds <= 1e9 ? TimeSpan.FromMilliseconds(Math.Round(seconds * 1000)) : null;
    }

    private static bool OutOfRange(SpecEntry entry, object value)
    {
        double? number = value switch { int i => i, long l => l, double d => d, TimeSpan t => t.TotalSeconds, _ => null };
        return number is { } n && (n < entry.Rules.Minimum || n > entry.Rules.Maximum || (entry.Rules.Exclusive && n == entry.Rules.Minimum));
    }

    private static SpecProblem Wrong(SpecEntry entry, SpecNode node) =>
        new(entry.Path, node.Line, $"expected {Expected(entry)}, found {Found(node)}{Near(entry.ValueType, node)}");

    /// <summary>The kind of value and its bounds, for messages.</summary>
    public static string Expected(SpecEntry entry)
    {
        string kind = entry.ItemType is { } item ? $"a list of {Plural(item)}" : entry.Rules.Path ? "a path" : Kind(entry.ValueType);
        string unit = entry.ValueType == typeof(TimeSpan) ? "s" : "";
        string bounds = (entry.Rules.Minimum, entry.Rules.Maximum) switch
        {
            (double.NegativeInfinity, _) => "",
            (var low, double.PositiveInfinity) => entry.Rules.Exclusive ? $" above {Text(low)}{unit}" : $" of at least {Text(low)}{unit}",
            (var low, var high) => entry.Rules.Exclusive ? $" above {Text(low)}{unit} and up to {Text(high)}{unit}" : $" from {Text(low)}{unit} to {Text(high)}{unit}",
        };
        return $"{kind}{bounds}{(entry.Rules.Auto ? " or auto" : "")}";
    }

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static string Kind(Type type) =>
        type == typeof(string) ? "text"
        : type == typeof(bool) ? "true or false"
        : type == typeof(int) || type == typeof(long) ? "a whole number"
        : type == typeof(double) ? "a number"
        : type == typeof(TimeSpan) ? "a duration such as 30s, 5m or 1h"
        : $"one of {string.Join(", ", SpecEntry.NamesOf(type))}";

    private static string Plural(Type item) => item == typeof(string) ? "texts" : string.Join(", ", SpecEntry.NamesOf(item));

    /// <summary>What stood there, for messages.</summary>
    public static string Found(SpecNode node) => node switch
    {
        ScalarNode { Plain: true, Text: "" } => "nothing",
        ScalarNode scalar => scalar.Text.Length <= 60 ? $"'{scalar.Text}'" : $"'{scalar.Text[..57]}...'",
        SequenceNode => "a list",
        _ => "a section",
    };

    private static string Near(Type type, SpecNode node) =>
        type.IsEnum && node is ScalarNode scalar && Spelling.Nearest(scalar.Text, SpecEntry.NamesOf(type)) is { } near ? $"; did you mean '{near}'?" : "";

    [GeneratedRegex(@"\A(?<number>[0-9]+(\.[0-9]+)?)(?<unit>ms|s|m|h|d)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DurationPattern();
}
