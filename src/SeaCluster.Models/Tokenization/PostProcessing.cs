using System.Text.Json;
using SeaCluster.Models.Configuration;

namespace SeaCluster.Models.Tokenization;

/// <summary>The tokens that the <c>post_processor</c> of <c>tokenizer.json</c> puts before and after a text.</summary>
/// <param name="Before">Ids in front.</param>
/// <param name="After">Ids behind.</param>
internal sealed record PostProcessing(int[] Before, int[] After)
{
    private static readonly PostProcessing Nothing = new([], []);

    /// <param name="section">The component, or null for none.</param>
    public static PostProcessing Read(JsonSection? section)
    {
        if (section is null)
        {
            return Nothing;
        }

        switch (section.RequiredText("type"))
        {
            case "ByteLevel":
                return Nothing; // it moves offsets only, which nobody asks for
            case "TemplateProcessing":
                return Template(section);
            case "Sequence":
                return section.Sections("processors").Select(Read).Aggregate(Nothing, (all, one) => new PostProcessing([.. one.Before, .. all.Before], [.. all.After, .. one.After]));
            case var other:
                throw section.Unfit("type", $"is '{other}', post-processors read are Sequence, TemplateProcessing and ByteLevel");
        }
    }

    private static PostProcessing Template(JsonSection section)
    {
        Dictionary<string, int[]> special = new(StringComparer.Ordinal);
        foreach (JsonProperty token in section.Section("special_tokens")?.Element.EnumerateObject() ?? default)
        {
            special[token.Name] = section.Section("special_tokens")!.Section(token.Name)?.Integers("ids") ?? [];
        }

        List<int> before = [], after = [];
        bool textSeen = false;
        foreach (JsonSection part in section.Sections("single"))
        {
            if (part.Section("SpecialToken")?.RequiredText("id") is string name)
            {
                (textSeen ? after : before).AddRange(special.TryGetValue(name, out int[]? ids) ? ids : throw section.Unfit("single", $"names the token '{name}', which special_tokens lacks"));
            }
            else if (part.Section("Sequence")?.Text("id") == "A" && !textSeen)
            {
                textSeen = true;
            }
            else
            {
                throw section.Wrong("single", "special tokens and the sequence A once", part.Element);
            }
        }

        return textSeen ? new PostProcessing([.. before], [.. after]) : throw section.Unfit("single", "lacks the sequence A");
    }
}
