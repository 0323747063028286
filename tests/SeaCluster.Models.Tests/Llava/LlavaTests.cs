using SeaCluster.Models.Attention;
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
    private static readonly string[] Questions = ["What is shown?", "How do I make this product? Write the steps one by one.", "Describe it in one sentence, please."];

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
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        (Tensor picture, MediaLayout media) = model.Encode(Repository.Fixture("media", "images", "scene.png"));
        EncodedPrompt[] prompts = [.. Questions.Select((question, i) => model.Prompts.Encode(question, "It shows a red bicycle" + new string('!', 3 * i) + ".", i == 1 ? null : media))];
        float[][] alone = [.. prompts.Select(prompt => Nll([prompt], prompt.Media.Length > 0 ? picture : null))];
        float[] together = Nll(prompts, cat([picture, picture], 0));
        double worst = alone.SelectMany(nll => nll).Zip(together, (a, b) => Math.Abs(a - b)).Max();
        output.WriteLine($"largest difference {worst:E2}");
        worst.ShouldBeLessThan(1e-5);
        together.Length.ShouldBe(alone.Sum(nll => nll.Length));
    }

    [Fact]
    public void Packing_questions_behind_one_medium_is_exact_with_and_without_a_constant_prefix()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor picture, MediaLayout media) = model.Encode(Repository.Fixture("media", "images", "scene.png"));
        EncodedPrompt[] prompts = [.. Questions.Select((question, i) => model.Prompts.Encode(question, $"Answer number {i}.", media))];
        (float[] separate, Tensor separateGradient) = WithGradient([.. prompts.Select(PackedSequence.Of)], picture, prompts.Length, null);
        (float[] packed, Tensor packedGradient) = WithGradient([PackedSequence.Of(prompts, 0)], picture, 1, null);
        using ConstantPrefix constant = ConstantPrefix.Of(model.LanguageModel, model.Prompts.PrefixBeforeMedia(media))!;
        (float[] prefixed, Tensor prefixedGradient) = WithGradient([PackedSequence.Of(prompts, constant.Length)], picture, 1, constant);
        double scale = separateGradient.abs().max().item<float>();
        packed.Zip(separate, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-5f);
        prefixed.Zip(separate, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-5f);
        ((packedGradient - separateGradient).abs().max().item<float>() / scale).ShouldBeLessThan(1e-5);
        ((prefixedGradient - separateGradient).abs().max().item<float>() / scale).ShouldBeLessThan(1e-5);
    }

    [Fact]
    public void Generation_with_a_cache_equals_generation_without_and_a_batch_equals_each_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        (Tensor picture, MediaLayout media) = model.Encode(Repository.Fixture("media", "images", "photo.jpg"));
        GenerationRequest[] requests = [.. Questions.SelectMany(question => new[]
        {
            new GenerationRequest(model.Prompts.Encode(question, media: media), picture), new GenerationRequest(model.Prompts.Encode(question)),
        })];
        GenerationOptions options = new() { MaxNewTokens = 12 };
        IReadOnlyList<int[]> together = TextGenerator.Tokens(model, requests, options);
        for (int i = 0; i < requests.Length; i++)
        {
            TextGenerator.Tokens(model, [requests[i]], options)[0].ShouldBe(together[i]);
            Uncached(requests[i], 12).ShouldBe(together[i]);
        }
    }

    [Fact]
    public void Sampling_depends_on_seed_and_request_alone()
    {
        GenerationRequest[] requests = [.. Questions.Select(question => new GenerationRequest(model.Prompts.Encode(question)))];
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
        GenerationRequest[] requests = [.. Questions.Select(question => new GenerationRequest(model.Prompts.Encode(question)))];
        GenerationOptions greedy = new() { MaxNewTokens = 40, Temperature = 1, TopK = 1 };
        IReadOnlyList<int[]> plain = TextGenerator.Tokens(model, requests, greedy), penalised = TextGenerator.Tokens(model, requests, greedy with { RepetitionPenalty = 1e6 });
        plain.ShouldContain(answer => answer.Distinct().Count() < answer.Length);
        penalised.ShouldAllBe(answer => answer.Distinct().Count() == answer.Length);
        TextGenerator.Tokens(model, requests, greedy with { Temperature = 0 }).ShouldBe(plain);
    }

    [Fact]
    public void A_thousand_forward_and_backward_passes_leave_no_tensor_behind()
    {
        EncodedPrompt prompt = model.Prompts.Encode(Questions[0], "Yes.", MediaLayout.Of(16));
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

    private float[] Nll(IReadOnlyList<EncodedPrompt> prompts, Tensor? outputs)
    {
        using PackedBatch batch = new(model, [.. prompts.Select(PackedSequence.Of)]);
        return batch.AnswerNll(outputs).data<float>().ToArray();
    }

    private (float[] Nll, Tensor Gradient) WithGradient(IReadOnlyList<PackedSequence> sequences, Tensor picture, int copies, ConstantPrefix? constant)
    {
        using PackedBatch batch = new(model, sequences, constant);
        Tensor e = picture.clone().requires_grad_(true);
        Tensor nll = batch.AnswerNll(cat([.. Enumerable.Repeat(e, copies)], 0));
        nll.mean().backward();
        return (nll.detach().data<float>().ToArray(), e.grad!);
    }

    private List<int> Uncached(GenerationRequest request, int steps)
    {
        List<int> ids = [.. request.Prompt.Ids], written = [];
        for (int step = 0; step < steps; step++)
        {
            EncodedPrompt prompt = request.Prompt with { Ids = [.. ids], Labels = [.. ids.Select(_ => -100)] };
            using PackedBatch batch = new(model, [PackedSequence.Of(prompt)]);
            int next = (int)batch.Logits(request.EncoderOutput)[^1].argmax().item<long>();
            if (model.Prompts.StopTokens.Contains(next))
            {
                break;
            }

            ids.Add(next);
            written.Add(next);
        }

        return written;
    }
}
