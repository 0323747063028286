using System.Text.Json.Nodes;
using SeaCluster.Models.Adapters;
using SeaCluster.Models.Safetensors;
using SeaCluster.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Tests.Adapters;

public sealed class PeftAdapterTests : IDisposable
{
    private static readonly string Trained = Repository.Fixture("llava", "adapters-image", "sft-final");
    private readonly IMultimodalModel model = MultimodalModel.Load(Repository.Fixture("llava", "model"), CPU, ScalarType.Float32);
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void What_PEFT_wrote_is_read_and_written_back_with_the_same_keys_and_bytes()
    {
        using LoraAdapter adapter = PeftAdapter.Load(model.LanguageModel, Trained);
        adapter.Config.Rank.ShouldBe(4);
        adapter.Config.Scale.ShouldBe(2);
        AdapterEffect effect = PeftAdapter.Save(adapter, model, folder.Path);
        effect.FromBase.ShouldBeGreaterThan(0.01);
        effect.FromTrained.ShouldBe(0);

        using SafetensorsFile theirs = SafetensorsFile.Open(Path.Combine(Trained, PeftAdapter.WeightsFile)), ours = SafetensorsFile.Open(folder.File(PeftAdapter.WeightsFile));
        ours.Names.ShouldBe(theirs.Names);
        ours.Metadata["format"].ShouldBe("pt");
        foreach (string name in theirs.Names)
        {
            ours.Info(name).Shape.ShouldBe(theirs.Info(name).Shape);
            ours.Bytes(name).SequenceEqual(theirs.Bytes(name)).ShouldBeTrue(name);
        }

        JsonNode config = JsonNode.Parse(File.ReadAllText(folder.File("adapter_config.json")))!;
        config["peft_type"]!.GetValue<string>().ShouldBe("LORA");
        config["task_type"]!.GetValue<string>().ShouldBe("CAUSAL_LM");
        config["r"]!.GetValue<int>().ShouldBe(4);
        config["lora_alpha"]!.GetValue<double>().ShouldBe(8);
        config["target_modules"]!.GetValue<string>().ShouldBe(@".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)");
        config["inference_mode"]!.GetValue<bool>().ShouldBeTrue();
    }

    [Theory]
    [InlineData("base_model.model.language_model.model.layers.{0}.weight")]
    [InlineData("base_model.model.model.layers.{0}.weight")]
    [InlineData("base_model.model.model.language_model.layers.{0}.default.weight")]
    [InlineData("model.language_model.layers.{0}.weight")]
    public void Older_key_names_are_read(string layout)
    {
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Trained, PeftAdapter.WeightsFile)))
        {
            const string Prefix = "base_model.model.model.language_model.layers.";
            SafetensorsWriter.Write(
                folder.File(PeftAdapter.WeightsFile),
                file.Names.Select(name => RawTensor.Of(file, name, layout.Replace("{0}", name[Prefix.Length..^".weight".Length], StringComparison.Ordinal))));
        }

        File.Copy(Path.Combine(Trained, "adapter_config.json"), folder.File("adapter_config.json"));
        float[] expected = Values(Trained);
        Values(folder.Path).ShouldBe(expected);
    }

    [Fact]
    public void The_target_pattern_names_no_more_than_what_was_trained()
    {
        Pattern("q_proj,v_proj").ShouldBe(@".*language_model.*\.(q_proj|v_proj)");
        Pattern(@".*layers\.1\..*_proj").ShouldBe(@".*language_model.*\.layers\.(?:1)\..*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)");
        Pattern(@".*layers\.(0\.self_attn\.q_proj|1\.mlp\.up_proj)").ShouldBe(@".*language_model.*\.layers\.(0\.self_attn\.q_proj|1\.mlp\.up_proj)");

        string Pattern(string targets)
        {
            using LoraAdapter adapter = LoraAdapter.Attach(model.LanguageModel, new LoraConfig { Rank = 2, Targets = LoraTargets.Parse(targets) }, 1);
            using (no_grad())
            {
                adapter.Parameters.First(parameter => parameter.Name.EndsWith("lora_B.weight", StringComparison.Ordinal)).Tensor.fill_(0.5);
            }

            PeftAdapter.Save(adapter, model, folder.Path);
            string pattern = JsonNode.Parse(File.ReadAllText(folder.File("adapter_config.json")))!["target_modules"]!.GetValue<string>();
            LoraTargets read = LoraTargets.Pattern(pattern);
            model.LanguageModel.Linears.Where(linear => read.Match(linear.Name)).ShouldBe(adapter.Modules);
            read.Match("vision_tower.encoder.layers.1.self_attn.q_proj").ShouldBeFalse();
            return pattern;
        }
    }

    [Fact]
    public void An_adapter_that_changes_nothing_is_not_passed_off_as_trained()
    {
        using LoraAdapter adapter = LoraAdapter.Attach(model.LanguageModel, new LoraConfig { Rank = 2 }, 1);
        SeaException error = Should.Throw<SeaException>(() => PeftAdapter.Save(adapter, model, folder.Path));
        error.Message.ShouldBe($"{folder.File(PeftAdapter.WeightsFile)}: the adapter changes no logit of the model.");
        adapter.Modules.ShouldAllBe(module => module.Update != null);
    }

    [Theory]
    [InlineData("\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "'peft_type' is 'IA3'")]
    [InlineData("\"use_dora\": false", "\"use_dora\": true", "'use_dora' is true")]
    [InlineData("\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]", "'modules_to_save' is [\"lm_head\"]")]
    [InlineData("\"bias\": \"none\"", "\"bias\": \"all\"", "'bias' is 'all'")]
    [InlineData("\"r\": 4", "\"r\": 5", "lora_A.weight' has shape [4, 64], expected [5, 64]")]
    [InlineData("\"r\": 4", "\"r\": 0", "'r' must be a whole number of at least 1, found 0")]
    [InlineData("\"r\": 4,", "", "key 'r' is missing")]
    public void Options_that_are_not_supported_are_refused_by_name(string from, string to, string expected)
    {
        string config = File.ReadAllText(Path.Combine(Trained, "adapter_config.json"));
        config.ShouldContain(from);
        folder.Write("adapter_config.json", config.Replace(from, to, StringComparison.Ordinal));
        File.Copy(Path.Combine(Trained, PeftAdapter.WeightsFile), folder.File(PeftAdapter.WeightsFile));
        string message = Should.Throw<SeaException>(() => PeftAdapter.Load(model.LanguageModel, folder.Path)).Message;
        message.ShouldContain(expected);
        message.ShouldContain(folder.Path);
    }

    [Fact]
    public void Keys_of_another_model_are_named()
    {
        File.Copy(Path.Combine(Trained, "adapter_config.json"), folder.File("adapter_config.json"));
        Load(("base_model.model.model.language_model.layers.7.self_attn.q_proj.lora_A.weight", [4, 64])).ShouldContain("layers.7.self_attn.q_proj.lora_A.weight' fits no layer");
        Load(("base_model.model.model.vision_tower.layers.0.self_attn.q_proj.lora_A.weight", [4, 48])).ShouldContain("fits no layer of the language model");
        Load(("base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight", [4, 64])).ShouldContain("no key for 'language_model.layers.0.self_attn.q_proj.lora_B'");
        Should.Throw<SeaException>(() => PeftAdapter.Load(model.LanguageModel, Repository.Fixture("llava"))).Message.ShouldContain("no adapter_config.json");

        string Load((string Name, long[] Shape) tensor)
        {
            using DisposeScope scope = NewDisposeScope();
            SafetensorsWriter.Write(folder.File(PeftAdapter.WeightsFile), [(tensor.Name, ones(tensor.Shape))]);
            string message = Should.Throw<SeaException>(() => PeftAdapter.Load(model.LanguageModel, folder.Path)).Message;
            model.LanguageModel.Linears.ShouldAllBe(linear => linear.Update == null);
            return message;
        }
    }

    private float[] Values(string path)
    {
        using DisposeScope scope = NewDisposeScope();
        using LoraAdapter adapter = PeftAdapter.Load(model.LanguageModel, path);
        return cat([.. adapter.Parameters.Select(parameter => parameter.Tensor.flatten())]).data<float>().ToArray();
    }
}
