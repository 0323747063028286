using SeaCluster.Models.Adapters;
using SeaCluster.Models.Layers;
using SeaCluster.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Tests.Adapters;

public sealed class LoraAdapterTests : IDisposable
{
    private readonly IMultimodalModel model = MultimodalModel.Load(Repository.Fixture("llava", "model"), CPU, ScalarType.Float32);

    public void Dispose() => model.Dispose();

    [Fact]
    public void A_new_adapter_is_uniform_in_A_and_zero_in_B_and_follows_from_its_seed()
    {
        using DisposeScope scope = NewDisposeScope();
        using LoraAdapter adapter = LoraAdapter.Attach(model.LanguageModel, new LoraConfig { Rank = 8 }, seed: 3);
        adapter.Modules.Count.ShouldBe(14);
        foreach (Linear module in adapter.Modules)
        {
            double bound = 1 / Math.Sqrt(module.In);
            module.Update!.A.shape.ShouldBe([8, module.In]);
            module.Update.B.shape.ShouldBe([module.Out, 8]);
            module.Update.A.abs().max().item<float>().ShouldBeInRange((float)(0.97 * bound), (float)bound);
            module.Update.A.mean().item<float>().ShouldBe(0, 0.15 * bound);
            module.Update.B.abs().max().item<float>().ShouldBe(0);
        }

        float[] first = Flat(adapter);
        adapter.Dispose();
        using (LoraAdapter again = LoraAdapter.Attach(model.LanguageModel, new LoraConfig { Rank = 8 }, seed: 3))
        {
            Flat(again).ShouldBe(first);
        }

        using (LoraAdapter other = LoraAdapter.Attach(model.LanguageModel, new LoraConfig { Rank = 8 }, seed: 4))
        {
            Flat(other).ShouldNotBe(first);
        }
    }

    [Theory]
    [InlineData("q_proj,v_proj", 4)]
    [InlineData("all", 14)]
    [InlineData(@".*language_model.*\.(gate_proj|up_proj)", 4)]
    [InlineData(@".*layers\.1\..*", 7)]
    public void Targets_are_names_or_a_pattern(string targets, int modules)
    {
        using LoraAdapter adapter = LoraAdapter.Attach(model.LanguageModel, new LoraConfig { Targets = LoraTargets.Parse(targets) }, 0);
        adapter.Modules.Count.ShouldBe(modules);
    }

    [Fact]
    public void Wrong_targets_ranks_and_second_adapters_are_named()
    {
        Should.Throw<SeaException>(() => LoraAdapter.Attach(model.LanguageModel, new LoraConfig { Targets = LoraTargets.Named("c_attn") }, 0))
            .Message.ShouldBe("LoRA targets 'c_attn' match none of the language model's layers.");
        Should.Throw<SeaException>(() => LoraTargets.Parse("(q_proj")).Message.ShouldStartWith("LoRA targets: '(q_proj' is not a regular expression");
        Should.Throw<SeaException>(() => LoraAdapter.Attach(model.LanguageModel, new LoraConfig { Rank = 0 }, 0)).Message.ShouldContain("found 0");
        using LoraAdapter adapter = LoraAdapter.Attach(model.LanguageModel, new LoraConfig { Targets = LoraTargets.Named("v_proj") }, 0);
        Should.Throw<SeaException>(() => LoraAdapter.Attach(model.LanguageModel, new LoraConfig(), 0)).Message.ShouldBe("Layer 'language_model.layers.0.self_attn.v_proj' has an adapter already.");
        model.LanguageModel.Linears.Count(linear => linear.Update is not null).ShouldBe(2, "the failed adapter must leave nothing behind");
    }

    private static float[] Flat(LoraAdapter adapter)
    {
        using DisposeScope scope = NewDisposeScope();
        return cat([.. adapter.Parameters.Select(parameter => parameter.Tensor.flatten())]).data<float>().ToArray();
    }
}
