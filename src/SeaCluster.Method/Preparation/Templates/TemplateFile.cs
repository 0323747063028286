using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using SeaCluster.Models;

using SeaCluster.Models.Configuration;

namespace SeaCluster.Method.Preparation.Templates;

/// <summary>Loads templates: the built-in file, with the parts that a user's file names put in their place.</summary>
public static partial class TemplateFile
{
    private const string BuiltIn = "SeaCluster.Method.Preparation.Templates.general.json";
    private const string Category = "category";
    private static readonly string[] s_filled = ["phrase", "a_phrase", "kind", "a_kind"];
    private static readonly string[] s_common = ["prefix", "sentence", "content", "topic"];

    /// <summary>The built-in templates.</summary>
    public static PreparationTemplates General { get; } = Load(null);

    /// <summary>
    /// The built-in templates changed by a file. Objects are merged key by key; lists and texts are replaced as a whole.
    /// </summary>
    /// <param name="path">A JSON file (comments and trailing commas allowed), or null for the built-in templates alone.</param>
    /// <exception cref="SeaException">The file is missing or no JSON, or a key is unknown or of the wrong kind: the message names file and key.</exception>
    public static PreparationTemplates Load(string? path)
    {
        string label = "the built-in templates";
        JsonObject merged = Parse(ReadBuiltIn(), label);
        ShareCommon(merged);
        if (path is not null)
        {
            label = path;
            if (!File.Exists(path))
            {
                throw new SeaException($"{path}: no such templates file.");
            }

            JsonObject changes = Parse(File.ReadAllText(path), path);
            CheckNulls(changes, path, "");
            CheckKeys(changes, merged, path, "");
            Apply(merged, changes);
        }

        foreach (string part in s_common)
        {
            merged.Remove(part);
        }

        string text = merged.ToJsonString();
        PreparationTemplates templates;
        try
        {
            templates = merged.Deserialize(TemplateJson.Default.PreparationTemplates)!;
        }
        catch (JsonException error)
        {
            throw new SeaException($"{label}: {error.Path}: {error.Message}", "docs/preparation.md lists the keys; samples/demo/preparation.json is a complete example.", error);
        }

        Check(templates, label);
        return templates with { Hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8].ToLowerInvariant() };
    }

    /// <summary>The built-in file's text, to start one's own from.</summary>
    public static string ReadBuiltIn()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(BuiltIn)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static JsonObject Parse(string text, string label)
    {
        try
        {
            JsonDocumentOptions options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };
            JsonText.Parse(Encoding.UTF8.GetBytes(text), options).Dispose();
            return JsonNode.Parse(text, null, options) as JsonObject
                ?? throw new SeaException($"{label}: expected a JSON object of templates.");
        }
        catch (JsonException error)
        {
            throw new SeaException($"{label}:{error.LineNumber + 1}: not valid JSON: {error.Message}", inner: error);
        }
    }

    // A part may be null, which takes it away; an entry of a list may not.
    private static void CheckNulls(JsonNode? node, string path, string at)
    {
        switch (node)
        {
            case JsonObject items:
                foreach ((string key, JsonNode? value) in items)
                {
                    CheckNulls(value, path, at.Length == 0 ? key : $"{at}.{key}");
                }

                break;
            case JsonArray items:
                for (int i = 0; i < items.Count; i++)
                {
                    CheckNulls(items[i] ?? throw new SeaException($"{path}: {at}[{i}] is null, expected a value."), path, $"{at}[{i}]");
                }

                break;
        }
    }

    private static void CheckKeys(JsonObject changes, JsonObject known, string path, string at)
    {
        // Modalities and their words are named by the user; a modality's parts are those of the common level.
        foreach ((string key, JsonNode? value) in changes)
        {
            string place = at.Length == 0 ? key : $"{at}.{key}";
            string[] allowed = place.Split('.') switch
            {
                ["modalities", _] => [key],
                ["modalities", _, "words", _] => [key],
                ["modalities", _, _] => ["words", "style", .. s_common],
                [.., _] when at.EndsWith("content", StringComparison.Ordinal) => ["questions", "held_out", "answer"],
                [.., _] when at.EndsWith("topic", StringComparison.Ordinal) => ["questions", "answer"],
                [.., _] when at.Split('.')[^1] is "substitutes" or "prefix" or "sentence" or "answer" => ["infinitive", "gerund", "noun", "product"],
                _ => [.. known.Select(pair => pair.Key)],
            };
            if (!allowed.Contains(key))
            {
                string nearest = allowed.MinBy(name => Distance(name, key)) ?? "";
                throw new SeaException($"{path}: unknown key '{place}'; did you mean '{nearest}'?", $"Known here: {string.Join(", ", allowed)}.");
            }

            if (value is JsonObject inner)
            {
                CheckKeys(inner, known[key] as JsonObject ?? [], path, place);
            }
        }
    }

    // The built-in common parts become each modality's own, under what the modality says itself.
    private static void ShareCommon(JsonObject templates)
    {
        foreach ((_, JsonNode? modality) in templates["modalities"]!.AsObject())
        {
            foreach (string part in s_common)
            {
                JsonObject whole = templates[part]!.DeepClone().AsObject();
                if (modality![part] is JsonObject own)
                {
                    Merge(whole, own);
                }

                modality[part] = whole;
            }
        }
    }

    // A user's common parts hold for every modality, then what the user says of a modality.
    private static void Apply(JsonObject templates, JsonObject changes)
    {
        JsonObject modalities = templates["modalities"]!.AsObject();
        if (changes["modalities"] is JsonObject named)
        {
            foreach ((string name, _) in named)
            {
                modalities[name] ??= new JsonObject(s_common.Select(part => KeyValuePair.Create(part, templates[part]?.DeepClone())));
            }
        }

        foreach (string part in s_common)
        {
            if (changes[part] is JsonObject common)
            {
                foreach ((_, JsonNode? modality) in modalities)
                {
                    Merge(modality![part]!.AsObject(), common);
                }
            }
        }

        Merge(templates, changes);
    }

    private static void Merge(JsonObject target, JsonObject changes)
    {
        foreach ((string key, JsonNode? value) in changes)
        {
            if (value is JsonObject inner && target[key] is JsonObject old)
            {
                Merge(old, inner);
            }
            else
            {
                target[key] = value?.DeepClone();
            }
        }
    }

    private static void Check(PreparationTemplates templates, string label)
    {
        Require(templates.PrefixRate is >= 0 and <= 1, label, "prefix_rate", "a number from 0 to 1");
        Require(templates.Refusals.Count > 0, label, "refusals", "at least one refusal");
        Require(templates.Modalities.Count > 0, label, "modalities", "at least one modality");
        foreach ((InstructionPattern pattern, int index) in templates.Patterns.Select((pattern, index) => (pattern, index)))
        {
            int slots = SlotPattern().Count(pattern.Match);
            Require(slots == 1, label, $"patterns[{index}].match", "exactly one {phrase} or {bare_phrase}");
        }

        foreach ((string name, ModalityTemplates modality) in templates.Modalities)
        {
            string at = $"modalities.{name}";
            ContentTemplates content = modality.Content;
            Require(content.Questions.Count > 0, label, $"{at}.content.questions", "at least one question");
            Require(modality.Style.Count > 0, label, $"{at}.style", "at least one style");
            Require(modality.Style.All(style => style.Questions.Count > 0 && style.Answers.Count > 0), label, $"{at}.style", "a question and an answer in each");
            IEnumerable<string> texts =
            [
                .. content.Questions, .. content.HeldOut, .. modality.Style.SelectMany(style => style.Questions.Concat(style.Answers)),
                .. Enum.GetValues<PhraseForm>().SelectMany(form => new[] { content.Answer[form], modality.Sentence[form], modality.Prefix[form] }),
            ];
            CheckWords(texts, [.. s_filled, .. modality.Words.Keys]);
            Require(modality.Topic.Questions.Count > 0, label, $"{at}.topic.questions", "at least one question");
            Require(modality.Topic.Answer.Contains($"{{{Category}}}", StringComparison.Ordinal), label, $"{at}.topic.answer", "a text with {category}");
            // A topic's answer is to say what the row is about without naming its phrase: that is the content's part.
            CheckWords([.. modality.Topic.Questions, modality.Topic.Answer], [Category, "kind", "a_kind", .. modality.Words.Keys]);

            void CheckWords(IEnumerable<string> sentences, string[] known)
            {
                foreach (string text in sentences)
                {
                    string? unknown = Placeholder().Matches(text).Select(match => match.Groups[1].Value).FirstOrDefault(word => !known.Contains(word));
                    Require(unknown is null, label, $"{at}: '{text}'", $"one of {{{string.Join("}, {", known)}}} instead of {{{unknown}}}");
                }
            }

            foreach (PhraseForm form in Enum.GetValues<PhraseForm>())
            {
                Require(content.Answer[form].Contains("phrase}", StringComparison.Ordinal), label, $"content.answer ({name}, {form})", "a text with {phrase}");
            }
        }

        foreach (string expression in templates.Lexicon.Politeness.Concat(templates.Lexicon.InfinitiveLeads).Concat(templates.Lexicon.NounLeads).Concat(templates.Lexicon.NeutralTails))
        {
            try
            {
                _ = new Regex(expression);
            }
            catch (ArgumentException error)
            {
                throw new SeaException($"{label}: lexicon: '{expression}' is no regular expression: {error.Message}", inner: error);
            }
        }
    }

    private static void Require(bool holds, string label, string key, string expected)
    {
        if (!holds)
        {
            throw new SeaException($"{label}: {key}: expected {expected}.");
        }
    }

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }

        return row[b.Length];
    }

    [GeneratedRegex(@"\{(?:bare_)?phrase\}")]
    private static partial Regex SlotPattern();

    [GeneratedRegex(@"\{(\w*)\}")]
    private static partial Regex Placeholder();
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PreparationTemplates))]
internal sealed partial class TemplateJson : JsonSerializerContext;
