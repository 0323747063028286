using System.Text.Json;
using System.Text.RegularExpressions;

namespace SeaCluster.Method.Preparation.Llm;

/// <summary>What the LLM said about a row: its findings, that it declines, or text that is not the JSON that was asked for.</summary>
internal sealed partial record LlmAnswer(string Phrase, string Kind, string Sentence, string Detoxified)
{
    /// <summary>The words with which it declined, or null.</summary>
    public string? Refusal { get; init; }

    /// <summary>What is wrong with an answer that was asked for often enough, or null.</summary>
    public string? Broken { get; init; }

    /// <summary>Reads an answer; a null answer with the problem where it is neither findings nor a refusal.</summary>
    public static (LlmAnswer? Answer, string Problem) Read(string text)
    {
        string json = Fence().Replace(text.Trim(), "").Trim();
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return (null, $"the answer is {Rows.RowFields.Describe(root.ValueKind)}, expected an object");
            }

            foreach (string name in (string[])["phrase", "kind", "sentence", "detoxified_instruction"])
            {
                if (!root.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.String)
                {
                    return (null, $"the answer's '{name}' is missing or no text");
                }
            }

            return (new LlmAnswer(Field(root, "phrase"), Field(root, "kind").ToLowerInvariant(), Field(root, "sentence"), Field(root, "detoxified_instruction")), "");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return Declining().IsMatch(text)
                ? (new LlmAnswer("", "", "", "") { Refusal = text.ReplaceLineEndings(" ").Trim() }, "")
                : (null, "the answer is not JSON");
        }
    }

    private static string Field(JsonElement root, string name) => root.GetProperty(name).GetString()!.Trim();

    [GeneratedRegex(@"^```\w*\s*|\s*```$")]
    private static partial Regex Fence();

    [GeneratedRegex(@"^(?!\s*[{\[]).{0,200}\b(?:sorry|apologi[sz]e|can(?:'|’)?t|cannot|can not|unable to|won(?:'|’)t|will not|not able to|refuse|content filter)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Declining();
}
