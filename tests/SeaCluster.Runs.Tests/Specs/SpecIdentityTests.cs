using SeaCluster.Runs.Specs;
using SeaCluster.Tests;

namespace SeaCluster.Runs.Tests.Specs;

public sealed class SpecIdentityTests
{
    [Fact]
    public void The_example_shows_every_option_with_its_default()
    {
        string example = File.ReadAllText(Repository.PathOf("samples", "run.example.yaml"));
        SpecReading reading = SpecReader.Read(example, "/specs");
        reading.Problems.ShouldBeEmpty();

        string[] given = ["model.path", "data.path", "data.benign"];
        Dictionary<string, string> defaults = SpecWriter.Values(new RunSpec()).ToDictionary();
        SpecWriter.Values(reading.Spec!).Where(option => !given.Contains(option.Key) && option.Value != defaults[option.Key]).ShouldBeEmpty();

        // Present, not only defaulted: each option's line is in the file.
        foreach (string path in defaults.Keys)
        {
            SpecReader.Read(example, "/specs", [new(path, "{ not: a value }")]).Problems.ShouldContain(problem => problem.Path == path, path);
            HasLine(example, path).ShouldBeTrue($"samples/run.example.yaml lacks {path}");
        }
    }

    [Fact]
    public void The_frozen_copy_reads_back_as_the_same_spec()
    {
        RunSpec spec = Spec() with
        {
            Name = "odd: \"name\"\n\t\u0001 é 漢 #",
            Work = new WorkOptions { Backoff = TimeSpan.FromMilliseconds(1500), Lease = TimeSpan.FromHours(2) },
            Align = new AlignOptions { LearningRate = 1e-7, Targets = ["q_proj", "null", "true", "1"] },
        };

        string yaml = SpecWriter.ToYaml(spec, "frozen");
        SpecReading reading = SpecReader.Read(yaml, "/elsewhere");

        reading.Problems.ShouldBeEmpty();
        SpecWriter.ToYaml(reading.Spec!, "frozen").ShouldBe(yaml);
        reading.Spec!.Name.ShouldBe(spec.Name);
        reading.Spec.Model.Path.ShouldBe("/specs/model");
        SpecHash.Of(reading.Spec).ShouldBe(SpecHash.Of(spec));
    }

    [Fact]
    public void The_hash_follows_results_not_places_or_speed()
    {
        RunSpec spec = Spec();
        string hash = SpecHash.Of(spec);
        hash.Length.ShouldBe(64);

        SpecHash.Of(spec with { Out = "/other", Name = "other", Work = new WorkOptions { Attempts = 9 }, Model = spec.Model with { Device = "cuda", Path = "/moved" } }).ShouldBe(hash);
        SpecHash.Of(spec with { Seed = 1 }).ShouldNotBe(hash);
        SpecHash.Of(spec with { Synthesize = new SynthesizeOptions { Slots = 3 } }).ShouldNotBe(hash);
    }

    [Fact]
    public void Differences_name_the_options_that_change_results()
    {
        RunSpec spec = Spec();
        SpecHash.Differences(spec, spec with { Align = new AlignOptions { Steps = 7, CheckpointEvery = 1 } }).ShouldBe(["align.steps: 100 -> 7"]);
    }

    [Fact]
    public void Derived_seeds_differ_by_name_and_never_change()
    {
        Seeds.Derive(0, "synthesize", "row-1").ShouldBe(Seeds.Derive(0, "synthesize", "row-1"));
        new[] { Seeds.Derive(0, "synthesize", "row-1"), Seeds.Derive(1, "synthesize", "row-1"), Seeds.Derive(0, "synthesize", "row-2"), Seeds.Derive(0, "synthesizer", "ow-1"), Seeds.Derive(0, "synthesize") }
            .Distinct().Count().ShouldBe(5);
        Seeds.Derive(0, "synthesize", "row-1").ShouldBe(8602262897335681598);
    }

    [Fact]
    public void Inputs_are_fingerprinted_by_content()
    {
        using TemporaryFolder folder = new();
        string rows = folder.Write("rows.jsonl", "one");
        folder.Write("model/config.json", "{}");
        RunSpec spec = new() { Model = new ModelOptions { Path = folder.PathOf("model") }, Data = new DataOptions { Path = rows } };

        IReadOnlyList<SpecInput> before = SpecInputs.Fingerprint(spec);
        before.Select(input => (input.Option, input.Bytes)).ShouldBe([("model.path", 2L), ("data.path", 3L)]);
        before[1].Hash.ShouldBe("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");

        SpecInputs.Fingerprint(spec).ShouldBe(before);
        folder.Write("model/config.json", "[]");
        SpecInputs.Fingerprint(spec)[0].Hash.ShouldNotBe(before[0].Hash);
    }

    [Theory]
    [InlineData("lerning_rate", "learning_rate")]
    [InlineData("Learning-Rate", "learning_rate")]
    [InlineData("setps", "steps")]
    [InlineData("banana", null)]
    public void The_nearest_word_is_found(string word, string? expected) =>
        Spelling.Nearest(word, ["learning_rate", "steps", "rank"]).ShouldBe(expected);

    private static bool HasLine(string yaml, string path)
    {
        // Follows indentation: the example is written in block style throughout.
        List<string> at = [];
        foreach (string line in yaml.Split('\n').Where(line => line.TrimStart().Length > 0 && line.TrimStart()[0] != '#'))
        {
            int depth = (line.Length - line.TrimStart().Length) / 2;
            at = [.. at.Take(depth), line.Trim().Split(':')[0]];
            if (string.Join('.', at) == path)
            {
                return true;
            }
        }

        return false;
    }

    private static RunSpec Spec() => SpecReader.Read("""
        model: { path: model }
        data: { path: rows.jsonl, benign: benign.jsonl }
        """, "/specs").Spec!;
}
