using SeaCluster.Models;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Tests.Specs;

public sealed class SpecReaderTests
{
    private const string Minimal = """
        model: { path: model }
        data: { path: rows.jsonl, benign: benign.jsonl }
        """;

    private const string Given = "model: { path: m }\ndata: { path: r, benign: b }\n";

    [Theory]
    [InlineData(null, true, true, 6, 6)]
    [InlineData(null, false, true, 0, 12)]
    [InlineData(null, true, false, 12, 0)]
    [InlineData(0.25, true, true, 9, 3)]
    [InlineData(1.0, true, true, 0, 12)]
    public void The_real_share_of_benign_media_is_in_whole_rows(double? share, bool synthetic, bool real, int synthesized, int realRows) =>
        new MixOptions { RealShare = share }.BenignMediaRows(synthetic, real).ShouldBe((synthesized, realRows));

    [Fact]
    public void Three_paths_are_enough_and_the_rest_is_default()
    {
        RunSpec spec = Read(Minimal);

        spec.Model.Path.ShouldBe("/specs/model");
        spec.Data.Benign.ShouldBe("/specs/benign.jsonl");
        spec.Synthesize.Pairs.ShouldBe([AuxiliaryPair.Content, AuxiliaryPair.Style]);
        spec.Align.Mix.HarmfulMedia.ShouldBe(12);
        spec.Work.Lease.ShouldBe(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Every_kind_of_value_is_read()
    {
        RunSpec spec = Read(Minimal + """

            name: 'a name: with a colon'
            seed: 9007199254740993
            synthesize: { slots: 4, seed: auto, learning_rate: 1e-2, deterministic: true, pairs: [content], reduction: sequence-sum }
            align:
              method: dpo
              targets:
                - q_proj
                - v_proj
              mix: { real_share: auto }
            work: { backoff: 250ms, lease: 1.5m, backoff_limit: 2h }
            """);

        spec.Name.ShouldBe("a name: with a colon");
        spec.Seed.ShouldBe(9007199254740993);
        spec.Synthesize.Slots.ShouldBe(4);
        spec.Synthesize.Seed.ShouldBeNull();
        spec.Synthesize.LearningRate.ShouldBe(0.01);
        spec.Synthesize.Deterministic.ShouldBeTrue();
        spec.Synthesize.Pairs.ShouldBe([AuxiliaryPair.Content]);
        spec.Synthesize.Reduction.ShouldBe(LossReduction.SequenceSum);
        spec.Align.Method.ShouldBe(AlignmentMethod.Dpo);
        spec.Align.Targets.ShouldBe(["q_proj", "v_proj"]);
        spec.Work.Backoff.ShouldBe(TimeSpan.FromMilliseconds(250));
        spec.Work.Lease.ShouldBe(TimeSpan.FromSeconds(90));
        spec.Work.BackoffLimit.ShouldBe(TimeSpan.FromHours(2));
    }

    [Fact]
    public void All_problems_are_named_at_once_with_path_line_and_the_nearest_right_one()
    {
        SpecReading reading = SpecReader.Read("""
            model:
              path: model
              dtpye: float32
            data:
              path: rows.jsonl
              benign: benign.jsonl
            synthesise:
              steps: 10
            align:
              method: stf
              rank: 0
              steps: many
              learning-rate: 0.1
              targets: q_proj
            rank: 8
            evaluate:
              base: yes
            work: 3
            """, "/specs");

        reading.Spec.ShouldBeNull();
        reading.Problems.Select(problem => problem.ToString()).ShouldBe([
            "line 3, model.dtpye: is not an option of 'model'; did you mean 'dtype'?",
            "line 7, synthesise: is not a section or option of a run spec; did you mean 'synthesize'?",
            "line 10, align.method: expected one of sft, dpo, eraser, found 'stf'; did you mean 'sft'?",
            "line 11, align.rank: expected a whole number from 1 to 4096, found '0'",
            "line 12, align.steps: expected a whole number from 1 to 10000000, found 'many'",
            "line 13, align.learning-rate: is not an option of 'align'; did you mean 'learning_rate'?",
            "line 14, align.targets: expected a list of texts, found 'q_proj'",
            "line 15, rank: is not a section or option of a run spec; did you mean 'align.rank'?",
            "line 17, evaluate.base: expected true or false, found 'yes'",
            "line 18, work: expected a section with attempts, lost_leases, backoff, backoff_limit, local, lease, found '3'",
        ]);
    }

    [Theory]
    [InlineData("model: { path: m }\ndata: { benign: b }", "data.path: is required: expected a path")]
    [InlineData("", "data.path: is required: expected a path")]
    [InlineData("- a\n- b", "line 1: expected 'key: value' lines at the top")]
    [InlineData("model: {path: m", "line 1: not valid YAML:")]
    [InlineData("a: &x 1\nb: *x", "line 1: not valid YAML: anchors and aliases are not supported")]
    [InlineData("seed: !!int 3", "line 1: not valid YAML: tags are not supported")]
    [InlineData("seed: 1\n---\nseed: 2", "line 2: expected one YAML document, found a second one")]
    [InlineData("seed: 1\nseed: 2", "line 2, seed: given twice, first on line 1")]
    [InlineData("seed:", "line 1, seed: expected a whole number of at least 0, found nothing")]
    [InlineData("seed: .inf", "line 1, seed: expected a whole number of at least 0, found '.inf'")]
    [InlineData("seed: -1", "line 1, seed: expected a whole number of at least 0, found '-1'")]
    [InlineData("synthesize: { learning_rate: 0 }", "line 1, synthesize.learning_rate: expected a number above 0 and up to 1000, found '0'")]
    [InlineData("synthesize: { learning_rate: NaN }", "synthesize.learning_rate: expected a number above 0 and up to 1000, found 'NaN'")]
    [InlineData("synthesize: { slots: 0 }", "synthesize.slots: expected a whole number from 1 to 65536 or auto, found '0'")]
    [InlineData("synthesize: { pairs: [] }", "synthesize.pairs: expected one or more of content, style, topic, each once")]
    [InlineData("synthesize: { pairs: [content, colour] }", "synthesize.pairs[1]: expected one of content, style, topic, found 'colour'")]
    [InlineData("synthesize: { steps: auto }", "synthesize.steps: expected a whole number from 1 to 1000000, found 'auto'")]
    [InlineData("work: { lease: 30 }", "work.lease: expected a duration such as 30s, 5m or 1h from 1s to 86400s, found '30'")]
    [InlineData("work: { backoff: 10m }", "work.backoff_limit: expected at least work.backoff")]
    [InlineData("model: { device: gpu }", "model.device: expected auto, cpu, cuda or cuda:N, found 'gpu'")]
    [InlineData("prepare: { preparer: llm }", "prepare.llm.endpoint: is required because prepare.preparer is llm")]
    [InlineData("prepare: { llm: { endpoint: 'file:///etc/passwd' } }", "prepare.llm.endpoint: expected an http or https address, found 'file:///etc/passwd'")]
    [InlineData("evaluate: { llm: { budget: 3 } }", "evaluate.llm.budget: needs input_price and output_price")]
    [InlineData("align: { warmup: 200 }", "align.warmup: expected at most align.steps (100), found 200")]
    [InlineData("align: { media: real }", "align.media: is real, which needs harmful rows with real media in data.harmful_media")]
    [InlineData("align: { mix: { harmful_text: 0, benign_text: 0, harmful_media: 0, benign_media: 0, retention: 0 } }", "align.mix: expected rows of at least one kind, found none")]
    [InlineData("model: { path: m }\ndata: { path: r }", "align.mix.benign_media: needs harmless rows in data.benign or data.benign_media; without them set it to 0")]
    [InlineData(Given + "align: { method: eraser, adapter: full }", "align.adapter: expected lora because align.method is eraser, found full")]
    [InlineData(Given + "align: { method: eraser, mix: { benign_text: 0, benign_media: 0, retention: 0 } }", "align.mix: needs benign_text, benign_media or retention because align.method is eraser")]
    [InlineData(Given + "align: { gamma: 2 }", "align.gamma: is read only where align.method is eraser")]
    [InlineData(Given + "align: { eraser: { wrap_before: 3 } }", "align.eraser.wrap_before: is read only where align.method is eraser")]
    [InlineData(Given + "align: { method: eraser, eraser: { mode: faithful } }", "align.eraser.mode: is read only where align.method is eraser and data.eraser is given")]
    [InlineData("data: { path: r, benign: b, eraser: e }", "data.eraser: is read only where align.method is eraser")]
    [InlineData("data: { path: r, benign: b, eraser: e }\nalign: { method: eraser, mix: { harmful_text: 3 } }", "align.mix.harmful_text: is read only where data.eraser is not given: its rows take the mix's place")]
    [InlineData("data: { path: r, benign: b, eraser: e }\nalign: { method: eraser, eraser: { templates: [plain, plain] } }", "align.eraser.templates: expected some of own, plain, llama2, each once")]
    [InlineData("data: { path: r, benign: b, eraser: e }\nalign: { method: eraser, eraser: { mode: dirty } }", "align.eraser.mode: expected one of clean, faithful, found 'dirty'")]
    [InlineData(Given + "align: { method: sft,\n  beta: 0.2 }", "line 4, align.beta: is read only where align.method is dpo; leave it out, or change that")]
    [InlineData(Given + "align: { method: dpo, gamma: 2 }", "align.gamma: is read only where align.method is eraser")]
    [InlineData(Given + "align: { adapter: full, rank: 8 }", "align.rank: is read only where align.adapter is lora")]
    [InlineData(Given + "align: { schedule: constant, final_learning_rate: 0 }", "align.final_learning_rate: is read only where align.schedule is cosine or linear")]
    [InlineData(Given + "align: { media: blank }", "align.mix.retention: expected 0 because align.media is blank, found 8")]
    [InlineData("data: { path: r, benign: b, harmful_media: h }", "data.harmful_media: is read only where align.media is real")]
    [InlineData("data: { path: r, benign: b, benign_media: h }\nalign: { mix: { real_share: 0 } }", "data.benign_media: is read only where align.mix asks for benign_media with a real_share above 0")]
    [InlineData("data: { path: r, benign_media: h }\nalign: { mix: { benign_text: 0, real_share: 0.5 } }", "align.mix.real_share: leaves rows without a real medium, which needs harmless rows in data.benign")]
    [InlineData(Given + "align: { mix: { real_share: 0.5 } }", "align.mix.real_share: needs rows with real media in data.benign_media")]
    [InlineData(Given + "prepare: { llm: { model: m } }", "prepare.llm.model: is read only where prepare.preparer is llm")]
    [InlineData(Given + "evaluate: { judge: llm, llm: { endpoint: 'http://localhost:1/v1', model: m } }", "evaluate.judge: is read only where evaluate.cases is given")]
    [InlineData(Given + "evaluate: { cases: c, llm: { model: m } }", "evaluate.llm.model: is read only where evaluate.judge is not refusal")]
    [InlineData(Given + "synthesize: { noise: 0.1 }", "synthesize.noise: is read only where synthesize.init is noise")]
    [InlineData(Given + "evaluate: { cases: c, judge: rubric }", "evaluate.llm.endpoint: is required because evaluate.judge is rubric")]
    [InlineData(Given + "evaluate: { cases: c, judge: llama-guard, llm: { endpoint: 'http://localhost:1/v1' } }", "evaluate.llm.model: is required because evaluate.judge is llama_guard")]
    [InlineData(Given + "evaluate: { cases: c, judge: strong }", "evaluate.judge: expected one of refusal, llm, rubric, strongreject, llama_guard, mm_safetybench, found 'strong'")]
    [InlineData(Given + "synthesize: { init: real }", "synthesize.init_media: is required because synthesize.init is real and there is no data.benign_media: expected a folder of harmless media")]
    [InlineData(Given + "synthesize: { init_media: m }", "synthesize.init_media: is read only where synthesize.init is real")]
    [InlineData(Given + "synthesize: { per_row: 2 }", "synthesize.per_row: expected 1, found 2: encoder outputs that start from the same blank end alike")]
    public void Wrong_files_say_what_is_wrong(string yaml, string expected) =>
        SpecReader.Read(yaml, "/specs").Problems.Select(problem => problem.ToString()).ShouldContain(text => text.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void A_million_brackets_are_refused_and_do_not_crash()
    {
        SpecReader.Read("seed: " + new string('[', 1_000_000), "/specs").Problems.ShouldHaveSingleItem().Message.ShouldContain("nested deeper than 16 levels");
        SpecReader.Read(string.Concat(Enumerable.Range(0, 2000).Select(depth => new string(' ', depth) + "a:\n")), "/specs").Problems.ShouldNotBeEmpty();
    }

    [Fact]
    public void The_command_line_goes_over_the_file_and_is_checked_alike()
    {
        RunSpec spec = Read(Minimal + "\nalign: { steps: 5, warmup: 1 }", new("align.steps", "7"), new("synthesize.deterministic", "true"), new("synthesize.pairs", "[style]"));
        spec.Align.Steps.ShouldBe(7);
        spec.Align.Warmup.ShouldBe(1);
        spec.Synthesize.Deterministic.ShouldBeTrue();
        spec.Synthesize.Pairs.ShouldBe([AuxiliaryPair.Style]);

        SpecReader.Read(Minimal, "/specs", [new("align.stepps", "7")]).Problems.ShouldHaveSingleItem().ToString()
            .ShouldBe("align.stepps: is not an option of 'align'; did you mean 'steps'?");
    }

    [Fact]
    public void Files_that_are_not_there_are_named_with_the_option_and_the_line()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("run.yaml", Minimal);
        folder.Write("benign.jsonl", "{}");
        folder.Write("model", "a file");

        SeaException error = Should.Throw<SeaException>(() => SpecReader.Load(path));

        error.Message.ShouldBe(
            $"{path}: 2 problems in the run spec\n" +
            $"  line 1, model.path: expected a folder, found a file: {folder.PathOf("model")}\n" +
            $"  line 2, data.path: expected a file that exists, found none at {folder.PathOf("rows.jsonl")}");
        error.Hint.ShouldBe("samples/run.example.yaml shows every option with its default");
    }

    [Fact]
    public void A_folder_for_a_file_a_folder_without_a_checkpoint_and_a_foreign_modality_are_named()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.PathOf("model"));
        Directory.CreateDirectory(folder.PathOf("rows.jsonl"));
        folder.Write("benign.jsonl", "{}");

        SeaException error = Should.Throw<SeaException>(() => SpecReader.Load(folder.Write("run.yaml", Minimal)));
        error.WrongUse.ShouldBeTrue();
        error.Message.ShouldContain($"line 1, model.path: expected a checkpoint in the Hugging Face layout, found no config.json in {folder.PathOf("model")}");
        error.Message.ShouldContain($"line 2, data.path: expected a file, found a folder: {folder.PathOf("rows.jsonl")}");

        string llava = SeaCluster.Tests.Repository.Fixture("llava", "model");
        string spec = folder.Write("video.yaml", $"model: {{ path: {llava} }}\ndata: {{ path: benign.jsonl, benign: benign.jsonl }}\nsynthesize: {{ modality: video }}");
        Should.Throw<SeaException>(() => SpecReader.Load(spec)).Message.ShouldContain("line 3, synthesize.modality: expected image, which the model in");
    }

    [Fact]
    public void A_loaded_spec_is_named_after_its_file()
    {
        using TemporaryFolder folder = new();
        folder.Write("model/config.json", "{}");
        folder.Write("rows.jsonl", "{}");
        folder.Write("benign.jsonl", "{}");

        SpecReader.Load(folder.Write("night.yaml", Minimal)).Name.ShouldBe("night");
        SpecReader.Load(folder.Write("named.yaml", Minimal + "\nname: given")).Name.ShouldBe("given");
    }

    [Fact]
    public void Unreadable_files_are_refused_by_name()
    {
        using TemporaryFolder folder = new();
        Should.Throw<SeaException>(() => SpecReader.Load(folder.PathOf("none.yaml"))).Message.ShouldContain("none.yaml: cannot read the run spec");
        File.WriteAllBytes(folder.PathOf("binary.yaml"), [0xff, 0xfe, 0x80]);
        Should.Throw<SeaException>(() => SpecReader.Load(folder.PathOf("binary.yaml"))).Message.ShouldContain("expected UTF-8 text");
        using (FileStream large = File.Create(folder.PathOf("large.yaml")))
        {
            large.SetLength(2 << 20);
        }

        Should.Throw<SeaException>(() => SpecReader.Load(folder.PathOf("large.yaml"))).Message.ShouldContain("2097152 bytes is no run spec");
    }

    private static RunSpec Read(string yaml, params KeyValuePair<string, string>[] overrides)
    {
        SpecReading reading = SpecReader.Read(yaml, "/specs", overrides);
        reading.Problems.ShouldBeEmpty();
        return reading.Spec!;
    }
}
