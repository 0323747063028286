using SeaCluster.Models.Configuration;

namespace SeaCluster.Models.Tokenization;

/// <summary>Reads the <c>normalizer</c> of <c>tokenizer.json</c>.</summary>
internal static class Normalizers
{
    /// <param name="section">The component, or null for none.</param>
    public static Func<string, string> Read(JsonSection? section)
    {
        if (section is null)
        {
            return text => text;
        }

        switch (section.RequiredText("type"))
        {
            case "Sequence":
                Func<string, string>[] steps = [.. section.Sections("normalizers").Select(Read)];
                return text => steps.Aggregate(text, (current, step) => step(current));
            case "Prepend":
                string prefix = section.RequiredText("prepend");
                return text => text.Length == 0 ? text : prefix + text;
            case "Replace":
                return Replacement(section);
            case "NFC":
                return CanonicalComposition.Normalize;
            case var other:
                throw section.Unfit("type", $"is '{other}', normalizers read are Sequence, Prepend, Replace and NFC");
        }
    }

    /// <summary>Replacement of a string or a pattern; decoders have it too.</summary>
    public static Func<string, string> Replacement(JsonSection section)
    {
        string content = section.RequiredText("content");
        (string? literal, CodePointRegex? regex) = Pattern(section);
        return literal is not null
            ? text => literal.Length == 0 ? text : text.Replace(literal, content, StringComparison.Ordinal)
            : text => ReplaceMatches(text, regex!, content);
    }

    /// <summary>The <c>pattern</c> of a component: <c>{"String": …}</c> or <c>{"Regex": …}</c>.</summary>
    public static (string? Literal, CodePointRegex? Regex) Pattern(JsonSection section)
    {
        JsonSection pattern = section.Section("pattern") ?? throw section.Unfit("pattern", "is missing");
        return pattern.Text("String") is string literal ? (literal, null)
            : pattern.Text("Regex") is string regex ? (null, new CodePointRegex(regex, section))
            : throw section.Wrong("pattern", """{"String": …} or {"Regex": …}""", pattern.Element);
    }

    private static string ReplaceMatches(string text, CodePointRegex regex, string content)
    {
        System.Text.StringBuilder result = new(text.Length);
        int copied = 0;
        foreach ((int start, int end) in regex.Matches(text))
        {
            result.Append(text, copied, start - copied).Append(content);
            copied = end;
        }

        return result.Append(text, copied, text.Length - copied).ToString();
    }
}
