using System.Text.Json;
using SeaCluster.Models.Configuration;

namespace SeaCluster.Models.Tokenization;

/// <summary>Reads the model and the added tokens of <c>tokenizer.json</c>.</summary>
internal static class TokenizerReader
{
    public static ITokenModel ReadModel(JsonSection root)
    {
        JsonSection section = root.Section("model") ?? throw root.Unfit("model", "is missing");

        // Old files leave the type out; they are BPE where there are merges.
        string type = section.Text("type") ?? (section.Has("merges") ? "BPE" : "WordLevel");
        Dictionary<string, int> vocabulary = type is "BPE" or "WordLevel"
            ? ReadVocabulary(section)
            : throw section.Unfit("type", $"is '{type}', models read are BPE and WordLevel");
        string? unknownText = section.Text("unk_token");
        int? unknown = unknownText is not null && vocabulary.TryGetValue(unknownText, out int id) ? id : null;
        if (type == "WordLevel")
        {
            return new WordLevelModel(vocabulary, unknown, root.File);
        }

        if (unknownText is not null && unknown is null)
        {
            throw section.Unfit("unk_token", $"is '{unknownText}', which the vocabulary lacks");
        }

        foreach (string key in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (!string.IsNullOrEmpty(section.Text(key)))
            {
                throw section.Unfit(key, $"is '{section.Text(key)}', which is not supported");
            }
        }

        if (section.TryGet("dropout", out JsonElement dropout) && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
        {
            throw section.Unfit("dropout", "makes tokens random, which is not supported");
        }

        int[]? bytes = section.Flag("byte_fallback", false)
            ? [.. Enumerable.Range(0, 256).Select(value => vocabulary.TryGetValue($"<0x{value:X2}>", out int token) ? token : -1)]
            : null;
        return new BpeModel(new BpeModel.Options(
            vocabulary, ReadMerges(section, vocabulary), unknown, section.Flag("fuse_unk", false), bytes, section.Flag("ignore_merges", false)));
    }

    public static AddedToken[] ReadAddedTokens(JsonSection root, IReadOnlyDictionary<string, int> vocabulary)
    {
        Dictionary<int, string> texts = vocabulary.ToDictionary(pair => pair.Value, pair => pair.Key);
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<AddedToken> tokens = [];
        foreach (JsonSection item in root.Sections("added_tokens"))
        {
            string content = item.RequiredText("content");
            int id = item.Integer("id") is int number and >= 0 ? number : throw item.Unfit("id", "must be a whole number from 0 on");
            if (!seen.Add(content))
            {
                throw item.Unfit("content", $"'{content}' is added twice");
            }

            if (vocabulary.TryGetValue(content, out int other) && other != id)
            {
                throw item.Unfit("id", $"of '{content}' is {id}, in model.vocab it is {other}");
            }

            if (!texts.TryAdd(id, content) && texts[id] != content)
            {
                throw item.Unfit("id", $"of '{content}' is {id}, which is the id of '{texts[id]}'");
            }

            tokens.Add(new AddedToken(
                id, content, item.Flag("single_word", false), item.Flag("lstrip", false), item.Flag("rstrip", false), item.Flag("normalized", true), item.Flag("special", false)));
        }

        return [.. tokens];
    }

    private static Dictionary<string, int> ReadVocabulary(JsonSection section)
    {
        JsonSection vocab = section.Section("vocab") ?? throw section.Unfit("vocab", "is missing");
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        HashSet<int> ids = [];
        foreach (JsonProperty token in vocab.Element.EnumerateObject())
        {
            if (token.Value.ValueKind != JsonValueKind.Number || !token.Value.TryGetInt32(out int id) || id < 0)
            {
                throw vocab.Unfit($"'{token.Name}'", "must have a whole number from 0 on as its id");
            }

            if (!ids.Add(id) || !vocabulary.TryAdd(token.Name, id))
            {
                throw vocab.Unfit($"'{token.Name}'", $"repeats a token or the id {id}");
            }
        }

        return vocabulary;
    }

    private static Dictionary<ulong, (int Rank, int Id)> ReadMerges(JsonSection section, Dictionary<string, int> vocabulary)
    {
        Dictionary<ulong, (int, int)> merges = [];
        if (!section.TryGet("merges", out JsonElement list))
        {
            return merges;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw section.Wrong("merges", "a list", list);
        }

        int rank = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            // "a b" in older files, ["a", "b"] in newer ones.
            string?[] pair = item.ValueKind switch
            {
                JsonValueKind.String => item.GetString()!.Split(' '),
                JsonValueKind.Array => (string?[])[.. item.EnumerateArray().Select(part => part.ValueKind == JsonValueKind.String ? part.GetString() : null)],
                _ => [],
            };
            if (pair is not [{ } left, { } right])
            {
                throw section.Wrong($"merges[{rank}]", "two tokens", item);
            }

            if (!vocabulary.TryGetValue(left, out int first) || !vocabulary.TryGetValue(right, out int second) || !vocabulary.TryGetValue(left + right, out int whole))
            {
                throw section.Unfit($"merges[{rank}]", $"joins '{left}' and '{right}', but model.vocab lacks one of them or what they make");
            }

            merges[BpeModel.Pair(first, second)] = (rank, whole);
            rank++;
        }

        return merges;
    }
}
