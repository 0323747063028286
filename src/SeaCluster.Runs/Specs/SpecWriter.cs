using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SeaCluster.Runs.Specs;

/// <summary>Writes a spec out in full: the frozen copy in a run folder, which is itself a spec that runs.</summary>
public static class SpecWriter
{
    /// <summary>YAML with every option, defaults included.</summary>
    public static string ToYaml(RunSpec spec, params string[] comments)
    {
        StringBuilder text = new();
        foreach (string comment in comments)
        {
            text.Append("# ").Append(comment).Append('\n');
        }

        Section(text, SpecSchema.Root, spec, "");
        return text.ToString();
    }

    /// <summary>Every option's dotted path and its value as the file would say it, in the order of the schema.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Values(RunSpec spec) =>
        [.. SpecSchema.Root.Options.Select(option => KeyValuePair.Create(option.Path, Text(option, option.ValueIn(spec))))];

    private static void Section(StringBuilder text, SpecSchema section, object target, string indent)
    {
        foreach (SpecEntry entry in section.Entries)
        {
            object? value = entry.Property.GetValue(target);
            text.Append(indent).Append(entry.Name).Append(':');
            if (entry.Section is null)
            {
                text.Append(' ').Append(Text(entry, value)).Append('\n');
            }
            else
            {
                text.Append('\n');
                Section(text, entry.Section, value!, indent + "  ");
            }
        }
    }

    internal static string Text(SpecEntry entry, object? value) => value switch
    {
        null => entry.Rules.Auto ? "auto" : "null",
        string text => Quoted(text),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object>().Select(Scalar))}]",
        _ => Scalar(value),
    };

    private static string Scalar(object value) => value switch
    {
        string text => Quoted(text),
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        TimeSpan duration => Duration(duration),
        Enum name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name.ToString()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Duration(TimeSpan duration)
    {
        long milliseconds = (long)duration.TotalMilliseconds;
        (long size, string unit) = milliseconds switch
        {
            _ when milliseconds % 3_600_000 == 0 && milliseconds > 0 => (3_600_000L, "h"),
            _ when milliseconds % 60_000 == 0 && milliseconds > 0 => (60_000L, "m"),
            _ when milliseconds % 1000 == 0 => (1000L, "s"),
            _ => (1L, "ms"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / size}{unit}");
    }

    private static string Quoted(string text)
    {
        bool plain = text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/')
            && text is not ("null" or "true" or "false" or "auto" or "yes" or "no" or "on" or "off");
        if (plain || (text.Length > 1 && text[0] == '/' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/')))
        {
            return text;
        }

        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(c) => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
