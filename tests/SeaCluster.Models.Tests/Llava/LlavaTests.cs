using SeaCluster.Models.Generation;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using SeaCluster.Torch;
using SeaCluster.Tests;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace SeaCluster.Models.Tests.Llava;

[Collection(TensorCounts.Alone)]
public sealed class LlavaTests(ITestOutputHelper output) : IDisposable
{
    private readonly IMultimodalModel model = MultimodalModel.Load(Repository.Fixture("llava", "model"));

    public void Dispose() => model.Dispose();

    [Fact]
    public void Both_weight_layouts_give_the_same_model()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        using IMultimodalModel hub = MultimodalModel.Load(Repository.Fixture("llava", "hub-layout"), CPU, ScalarType.Float32);
        hub.Weights.Names.ShouldBe(model.Weights.Names);
        foreach (string name in model.Weights.Names)
        {
            Tensor rounded = model.Weights[name].to(ScalarType.BFloat16).to(ScalarType.Float32);
            (rounded - hub.Weights[name]).abs().max().item<float>().ShouldBe(0, name);
        }
    }

    [Fact]
    public void A_sequence_gives_the_same_loss_alone_and_in_any_batch()
    {
        output.WriteLine($"largest difference {EveryFamily.LosesTheSameInAnyBatch(model, Repository.Fixture("media", "images", "scene.png"), Repository.Fixture("media", "images", "photo.jpg")):E2}");
    }

    [Fact]
    public void Packing_questions_behind_one_medium_is_exact_with_and_without_a_constant_prefix()
    {
        EveryFamily.PacksExactly(model, Repository.Fixture("media", "images", "scene.png"));
    }

    [Fact]
    public void Generation_with_a_cache_equals_generation_without_and_a_batch_equals_each_alone()
    {
        EveryFamily.GeneratesTheSameCachedBatchedAndAlone(model, [Repository.Fixture("media", "images", "photo.jpg"), Repository.Fixture("media", "images", "scene.png"), Repository.Fixture("media", "images", "photo.jpg")], tokens: 12);
    }

    [Fact]
    public void Sampling_depends_on_seed_and_request_alone()
    {
        GenerationRequest[] requests = [.. EveryFamily.Questions.Select(question => new GenerationRequest(model.Prompts.Encode(question)))];
        GenerationOptions options = new() { MaxNewTokens = 16, Temperature = 1, TopP = 0.95, TopK = 50, Seed = 3 };
        IReadOnlyList<int[]> first = TextGenerator.Tokens(model, requests, options), second = TextGenerator.Tokens(model, requests, options);
        first.ShouldBe(second);
        TextGenerator.Tokens(model, requests, options with { Seed = 4 }).ShouldNotBe(first);
        TextGenerator.Tokens(model, [requests[0]], options)[0].ShouldBe(first[0]);
    }

    [Fact]
    public void A_large_repetition_penalty_lets_no_token_come_twice()
    {
        // Draws from the most likely token alone: what decides is the penalty.
        GenerationRequest[] requests = [.. EveryFamily.Questions.Select(question => new GenerationRequest(model.Prompts.Encode(question)))];
        GenerationOptions greedy = new() { MaxNewTokens = 40, Temperature = 1, TopK = 1 };
        IReadOnlyList<int[]> plain = TextGenerator.Tokens(model, requests, greedy), penalised = TextGenerator.Tokens(model, requests, greedy with { RepetitionPenalty = 1e6 });
        plain.ShouldContain(answer => answer.Distinct().Count() < answer.Length);
        penalised.ShouldAllBe(answer => answer.Distinct().Count() == answer.Length);
        TextGenerator.Tokens(model, requests, greedy with { Temperature = 0 }).ShouldBe(plain);
    }

    [Fact]
    public void A_thousand_forward_and_backward_passes_leave_no_tensor_behind()
    {
        EncodedPrompt prompt = model.Prompts.Encode(EveryFamily.Questions[0], "Yes.", MediaLayout.Of(16));
        using PackedBatch batch = new(model, [PackedSequence.Of(prompt)]);
        using Tensor e = randn([16, model.EncoderHidden]).requires_grad_(true);
        Pass();
        long before = TensorStatistics.Live;
        for (int i = 0; i < 1000; i++)
        {
            Pass();
        }

        TensorStatistics.Live.ShouldBe(before);

        void Pass()
        {
            using DisposeScope scope = NewDisposeScope();
            batch.AnswerNll(e).mean().backward();
            e.grad!.zero_();
        }
    }
}
