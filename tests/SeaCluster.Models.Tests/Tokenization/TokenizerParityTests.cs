using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Models.Tokenization;
using SeaCluster.Tests;

namespace SeaCluster.Models.Tests.Tokenization;

/// <summary>Ids and texts are those of the reference library.</summary>
public sealed class TokenizerParityTests
{
    private static readonly string ComponentsFile = Repository.PathOf("tests", "fixtures", "tokenizers", "components.json");

    public static TheoryData<int> Components => [.. Enumerable.Range(0, JsonNode.Parse(File.ReadAllText(ComponentsFile))!.AsArray().Count)];

    [Theory]
    [InlineData("llava")]
    [InlineData("qwen2-vl")]
    [InlineData("qwen2-audio")]
    [InlineData("video-llama3")]
    public void EveryRowOfAModelsCasesIsEqual(string family)
    {
        Tokenizer tokenizer = Tokenizer.Load(Repository.Fixture(family, "model"));
        JsonArray rows = JsonNode.Parse(File.ReadAllText(Repository.Fixture(family, "tokenizer_cases.json")))!.AsArray();
        rows.Count.ShouldBe(54);
        tokenizer.VocabularySize.ShouldBe(640);
        CheckRows(tokenizer, rows, family);
    }

    [Theory]
    [MemberData(nameof(Components))]
    public void EveryComponentWorksAsInTheReference(int index)
    {
        JsonNode entry = JsonNode.Parse(File.ReadAllText(ComponentsFile))![index]!;
        string name = (string)entry["base"]!;
        string source = name == "word-level" ? Repository.PathOf("tests", "fixtures", "tokenizers", name, "tokenizer.json") : Repository.Fixture(name, "model", "tokenizer.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(source))!;
        foreach ((string key, JsonNode? value) in entry["patch"]!.AsObject())
        {
            string[] keys = key.Split('.');
            keys[..^1].Aggregate(json, (node, part) => node[part]!)[keys[^1]] = value?.DeepClone();
        }

        using TemporaryFolder folder = new();
        CheckRows(Tokenizer.Load(folder.Write("tokenizer.json", json.ToJsonString())), entry["rows"]!.AsArray(), $"{name} with {entry["patch"]!.ToJsonString()}");
    }

    private static void CheckRows(Tokenizer tokenizer, JsonArray rows, string what)
    {
        foreach (JsonNode? row in rows)
        {
            string text = (string)row!["text"]!;
            int[] ids = tokenizer.Encode(text), plain = tokenizer.Encode(text, addSpecial: false);
            string where = $"{what}: {JsonSerializer.Serialize(text)}";
            ids.ShouldBe(row["ids"].Deserialize<int[]>(), where);
            plain.ShouldBe(row["ids_without_special"].Deserialize<int[]>(), where);
            tokenizer.Decode(plain, skipSpecial: false).ShouldBe((string)row["decoded"]!, where);
            tokenizer.Decode(ids, skipSpecial: true).ShouldBe((string)row["decoded_skip_special"]!, where);
        }
    }
}
