using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SeaCluster.Method.Preparation.Rows;

/// <summary>Recognises a row's layout by its fields and turns it into a <see cref="SafetyRow"/>.</summary>
internal static partial class RowLayout
{
    /// <summary>The layouts, in words, for messages.</summary>
    public const string Expected =
        "prompt (or instruction, question, goal, behavior, forbidden_prompt, Text_only, Changed Question), or chat messages";

    /// <summary>Reads one row.</summary>
    /// <param name="fields">The row's fields.</param>
    /// <param name="key">The row's key where the file is an object keyed by id, else null.</param>
    /// <param name="fileStem">The file's name without extension: it makes the keys of different files distinct.</param>
    /// <exception cref="FormatException">The row has no usable prompt; the message says what is wrong.</exception>
    public static SafetyRow Read(RowFields fields, string? key, string fileStem)
    {
        string? category = fields.Text("category", "semanticcategory", "categoryname", "harmcategory");
        SafetyRow row =
            fields.Has("changedquestion") || fields.Has("keyphrase") ? MmSafetyBench(fields)
            : fields.Has("textonly") ? VaSafetyBench(fields)
            : fields.Has("behavior") ? Plain(fields.Text("behavior"), null, null)
            : fields.Has("forbiddenprompt") ? Plain(fields.Text("forbiddenprompt"), fields.Text("response"), null)
            : fields.Has("goal") ? Plain(fields.Text("goal"), fields.Text("response"), fields.Text("rejected", "target"))
            : fields.Has("categoryname") && fields.Has("question") ? Plain(fields.Text("question"), fields.Text("response"), null)
            : ChatRow.TryRead(fields) ?? Text(fields);

        string prompt = row.Prompt.Trim();
        if (prompt.Length == 0)
        {
            throw new FormatException("the prompt is empty");
        }

        string? id = key is not null ? $"{fileStem}-{key}"
            : fields.Text("id", "behaviorid", "uid")
            ?? (fields.Has("taskid") && fields.Has("categoryid") ? $"{fields.Text("dataset")}-{fields.Text("categoryid")}-{fields.Text("taskid")}" : null);
        return row with
        {
            Id = string.IsNullOrWhiteSpace(id) ? GeneratedId(prompt) : id.Trim(),
            Prompt = prompt,
            Response = Filled(row.Response),
            Rejected = Filled(row.Rejected),
            Category = Filled(category ?? row.Category ?? (key is null ? null : fileStem)),
        };
    }

    /// <summary>The id of a row that has none: the same prompt has the same id everywhere.</summary>
    public static string GeneratedId(string prompt) => "p-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Folded(prompt))))[..16];

    /// <summary>The prompt with white space folded and case lowered: what makes two rows duplicates.</summary>
    public static string Folded(string prompt) => WhiteSpace().Replace(prompt.Trim(), " ").ToLowerInvariant();

    private static SafetyRow Plain(string? prompt, string? response, string? rejected) => new("", prompt ?? "", response, rejected);

    private static SafetyRow Text(RowFields fields)
    {
        string? prompt = fields.Text("prompt", "instruction", "question", "query", "text");
        if (prompt is null)
        {
            throw new FormatException($"no prompt: expected {Expected}; found {fields.Names}");
        }

        if (!fields.Has("prompt") && fields.Has("instruction") && fields.Text("input") is { Length: > 0 } input)
        {
            prompt += "\n" + input;
        }

        string? response = fields.Text("response", "chosen", "answer", "completion", "output");
        return Plain(prompt, response, fields.Text("rejected") ?? (fields.Has("target") ? fields.Text("target") : null));
    }

    // MM-SafetyBench: the changed question holds the key phrase, the rephrased question points at the picture.
    private static SafetyRow MmSafetyBench(RowFields fields)
    {
        string phrase = fields.Text("keyphrase") ?? "";
        string? changed = fields.Text("changedquestion");
        string? question = fields.Text("question");
        string prompt = changed is not null && (phrase.Length == 0 || Words.Contains(changed, phrase)) ? changed : question ?? changed ?? "";
        SafetyRow row = Plain(prompt, fields.Text("response"), null);
        return phrase.Length == 0 ? row : row with { Known = new KnownPhrase(phrase, Kind(fields.Text("phrasetype")), fields.Text("rephrasedquestion")) };
    }

    // VA-SafetyBench publishes the text question and the one that points at the medium; the phrase is where they differ.
    private static SafetyRow VaSafetyBench(RowFields fields)
    {
        string prompt = fields.Text("textonly") ?? "";
        SafetyRow row = Plain(prompt, fields.Text("response"), null);
        Match pointing = Pointing().Match(fields.Text("dm", "kpt") ?? "");
        if (!pointing.Success)
        {
            return row;
        }

        string before = pointing.Groups["before"].Value;
        string after = pointing.Groups["after"].Value;
        int length = prompt.Length - before.Length - after.Length;
        bool framed = length > 0 && prompt.StartsWith(before, StringComparison.OrdinalIgnoreCase) && prompt.EndsWith(after, StringComparison.OrdinalIgnoreCase);
        return framed
            ? row with { Known = new KnownPhrase(prompt.Substring(before.Length, length).Trim(), Kind(pointing.Groups["kind"].Value), null) }
            : row;
    }

    private static PhraseKind? Kind(string? word) => word?.Trim().ToLowerInvariant() switch
    {
        "activity" => PhraseKind.Activity,
        "product" => PhraseKind.Product,
        _ => null,
    };

    private static string? Filled(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"^[^.]*\bof an? (?<kind>activity|product)\.\s*(?<before>.*?)(?:perform |performing |do |doing )?this (?:activity|product)(?<after>.*)$", RegexOptions.Singleline)]
    private static partial Regex Pointing();
}

/// <summary>Chat rows: <c>messages</c>, <c>conversations</c>, or <c>prompt</c>/<c>chosen</c>/<c>rejected</c> as message lists.</summary>
internal static class ChatRow
{
    /// <summary>The last user turn and the answer after it, or null where the row is no chat row.</summary>
    public static SafetyRow? TryRead(RowFields fields)
    {
        JsonElement? messages = fields.Raw("messages") ?? fields.Raw("conversations");
        JsonElement? prompt = fields.Raw("prompt");
        JsonElement? chosen = fields.Raw("chosen");
        if (messages is null && prompt is { ValueKind: JsonValueKind.Array })
        {
            messages = prompt;
        }

        if (messages is null && prompt is null && chosen is { ValueKind: JsonValueKind.Array })
        {
            messages = chosen;
        }

        if (messages is not { } list)
        {
            return null;
        }

        List<(string Role, string Text)> turns = Turns(list, "messages");
        int user = turns.FindLastIndex(turn => turn.Role == "user");
        if (user < 0)
        {
            throw new FormatException($"the chat has no user turn: its roles are {(turns.Count == 0 ? "none" : string.Join(", ", turns.Select(turn => turn.Role)))}");
        }

        string? answer = turns.Skip(user + 1).Where(turn => turn.Role == "assistant").Select(turn => turn.Text).FirstOrDefault();
        return new SafetyRow("", turns[user].Text, answer ?? Answer(fields, "chosen") ?? Answer(fields, "response"), Answer(fields, "rejected"));
    }

    private static string? Answer(RowFields fields, string name) => fields.Raw(name) switch
    {
        { ValueKind: JsonValueKind.Array } list => Turns(list, name).Where(turn => turn.Role == "assistant").Select(turn => turn.Text).LastOrDefault(),
        _ => fields.Text(name),
    };

    private static List<(string Role, string Text)> Turns(JsonElement list, string name)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException($"'{name}' should be an array of messages but is {RowFields.Describe(list.ValueKind)}");
        }

        List<(string Role, string Text)> turns = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException($"message {turns.Count + 1} of '{name}' should be an object but is {RowFields.Describe(item.ValueKind)}");
            }

            RowFields message = RowFields.Of(item);
            string role = message.Text("role", "from")?.ToLowerInvariant() ?? throw new FormatException($"message {turns.Count + 1} of '{name}' has no role");
            role = role switch { "human" => "user", "gpt" => "assistant", _ => role };
            string text = message.Raw("content") is { ValueKind: JsonValueKind.Array } parts ? Parts(parts) : message.Text("content", "value") ?? "";
            turns.Add((role, text));
        }

        return turns;
    }

    // Content parts: media parts carry no words and are left out.
    private static string Parts(JsonElement parts) => string.Join('\n', parts.EnumerateArray()
        .Where(part => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String)
        .Select(part => part.GetProperty("text").GetString()));
}
