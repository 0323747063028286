using SeaCluster.Models;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Stages;
using SeaCluster.Runs.Studies;
using SeaCluster.Tests;

namespace SeaCluster.Runs.Tests.Studies;

public sealed class StudyReaderTests : IDisposable
{
    private static readonly string Minimal = $"model: {{ path: {Repository.Fixture("llava", "model")} }}\ndata: {{ path: rows.jsonl, benign: benign.jsonl }}\n";

    private readonly string folder = Directory.CreateTempSubdirectory("sea-study-").FullName;

    public StudyReaderTests()
    {
        Write("rows.jsonl", """{"prompt":"p","response":"r","rejected":"x"}""");
        Write("benign.jsonl", """{"prompt":"p","response":"r"}""");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Erasers_own_data_are_read_by_its_arm_alone()
    {
        Directory.CreateDirectory(Path.Combine(folder, "unlearn"));
        string spec = Minimal.Replace("benign: benign.jsonl", "benign: benign.jsonl, eraser: unlearn", StringComparison.Ordinal) + "align: { eraser: { mode: faithful } }\n";
        StudySpec study = Load(spec, controls: true)!;
        RunSpec eraser = study.Variants.Single(variant => variant.Name == "eraser").Spec, sea = study.Variants.Single(variant => variant.Name == "sea").Spec;
        (Path.GetFileName(eraser.Data.Eraser), eraser.Align.Eraser.Mode, eraser.Align.Mix.HarmfulMedia).ShouldBe(("unlearn", SeaCluster.Method.Alignment.EraserMode.Faithful, new MixOptions().HarmfulMedia));
        (sea.Data.Eraser, sea.Align.Eraser.Mode).ShouldBe((null, SeaCluster.Method.Alignment.EraserMode.Clean));
    }

    [Fact]
    public void A_spec_of_a_single_run_is_no_study() => Load(Minimal).ShouldBeNull();

    [Fact]
    public void Every_control_arm_sets_its_keys_and_sheds_what_it_leaves_unread()
    {
        StudySpec study = Load(Minimal + "align: { method: dpo, beta: 0.3, mix: { benign_text: 5 } }\n", controls: true)!;

        study.Variants.Select(variant => variant.Name).ShouldBe(["text-sft", "text-dpo", "eraser", "blank", "content-only", "style-only", "sea"]);
        Dictionary<string, RunSpec> by = study.Variants.ToDictionary(variant => variant.Name, variant => variant.Spec);
        (by["text-sft"].Align.Method, by["text-sft"].Align.Beta, by["text-sft"].Align.Mix.HarmfulMedia, by["text-sft"].Align.Mix.BenignText).ShouldBe((AlignmentMethod.Sft, 0.1, 0, 5));
        (by["text-dpo"].Align.Method, by["text-dpo"].Align.Beta).ShouldBe((AlignmentMethod.Dpo, 0.3));
        by["eraser"].Align.Method.ShouldBe(AlignmentMethod.Eraser);
        by["blank"].Align.Media.ShouldBe(AlignmentMedia.Blank);
        by["style-only"].Synthesize.Pairs.ShouldBe([AuxiliaryPair.Style]);
        by["sea"].Align.Beta.ShouldBe(0.3);
        study.LeftOut.Select(left => left.Key).ShouldBe(["sea+", "real"]);
        study.LeftOut[0].Value.ShouldContain("synthesize.init_media");
        study.LeftOut[1].Value.ShouldContain("real media");
    }

    [Fact]
    public void Sea_plus_starts_from_the_harmless_media_of_the_alignment()
    {
        Write("media.jsonl", """{"prompt":"p","response":"r","media":"rows.jsonl"}""");
        string spec = Minimal.Replace("benign: benign.jsonl", "benign: benign.jsonl, benign_media: media.jsonl", StringComparison.Ordinal);

        StudySpec study = Load(spec + "synthesize: { init: noise, noise: 0.5 }\ncontrols: [sea, sea+]\n")!;

        RunSpec sea = study.Variants[0].Spec, plus = study.Variants[1].Spec;
        (sea.Synthesize.Init, sea.Synthesize.Noise).ShouldBe((EmbeddingStart.Blank, 0));
        (plus.Synthesize.Init, plus.Synthesize.Noise, plus.Synthesize.InitMedia).ShouldBe((EmbeddingStart.Real, 0, null));
        plus.Synthesize.Pairs.ShouldBe([AuxiliaryPair.Content, AuxiliaryPair.Style, AuxiliaryPair.Topic]);
        SynthesizeStage.StartMediaOf(plus).ShouldBe(plus.Data.BenignMedia);
        SynthesizeStage.StartMediaOf(sea).ShouldBeNull();
    }

    [Fact]
    public void Arms_that_need_unwanted_answers_are_left_out_where_no_row_has_one()
    {
        Write("rows.jsonl", """{"prompt":"p","response":"r"}""");

        StudySpec study = Load(Minimal + "controls: all\n")!;

        study.LeftOut.Select(left => left.Key).ShouldBe(["text-dpo", "eraser", "sea+", "real"]);
        study.LeftOut[0].Value.ShouldEndWith("has an unwanted answer ('rejected')");
    }

    [Fact]
    public void A_grid_crosses_its_values_with_the_variants_and_seeds_share_an_arm()
    {
        StudySpec study = Load(Minimal + """
            variants:
              sea:
              slow: { align: { steps: 7 } }
            grid:
              seed: [1, 2]
            """, grid: [new("synthesize.steps", "10,20")])!;

        study.Variants.Count.ShouldBe(8);
        study.Variants.Take(3).Select(variant => variant.Name).ShouldBe(["sea, seed=1, steps=10", "sea, seed=1, steps=20", "sea, seed=2, steps=10"]);
        study.Variants.Select(variant => variant.Arm).Distinct().ShouldBe(["sea, steps=10", "sea, steps=20", "slow, steps=10", "slow, steps=20"]);
        RunVariant last = study.Variants[^1];
        (last.Spec.Seed, last.Spec.Synthesize.Steps, last.Spec.Align.Steps).ShouldBe((2L, 20, 7));
    }

    [Fact]
    public void Problems_name_the_line_the_key_and_the_variant()
    {
        const string Other = "variants:\n  fine:\n";
        Problem(Other + "  odd: { align.stpes: 3 }\n").ShouldContain("line 5, align.stpes: is not an option of 'align'; did you mean 'steps'? (variant 'odd')");
        Problem("variants:\n  odd: { align.stpes: 3 }\n").ShouldEndWith("did you mean 'steps'?");
        Problem(Other + "  odd: { align.beta: 0.3 }\n").ShouldContain("align.beta: is read only where align.method is dpo; leave it out, or change that (variant 'odd')");
        Problem("variants:\n  odd: 3\n").ShouldContain("line 4, variants.odd: expected keys of a run spec with their values, found '3'");
        Problem("controls: [text-sfd]\n").ShouldContain("line 3, controls: expected all or some of text-sft, text-dpo, eraser, blank, content-only, style-only, sea, sea+, real, found 'text-sfd'; did you mean 'text-sft'?");
        Problem("controls: [sea, real]\n").ShouldContain("(variant 'real')");
        Problem("grid: { seed: 3 }\n").ShouldContain("line 3, grid.seed: expected a list of values, found '3'");
    }

    private string Problem(string text) => Should.Throw<SeaException>(() => Load(Minimal + text)).Message;

    private StudySpec? Load(string text, bool controls = false, IReadOnlyList<KeyValuePair<string, string>>? grid = null) => StudyReader.Load(Write("spec.yaml", text), [], controls, grid ?? []);

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
