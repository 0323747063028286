using SeaCluster.Models.Adapters;
using SeaCluster.Models.Attention;
using SeaCluster.Models.Generation;
using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using SeaCluster.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Tests;

/// <summary>What holds for every family, whatever its encoder: a test of a family names it and says on which model and media.</summary>
internal static class EveryFamily
{
    /// <summary>Questions of different length.</summary>
    public static readonly string[] Questions = ["What is shown?", "How do I make this product? Write the steps one by one.", "Describe it in one sentence, please."];

    /// <summary>Sequences with the first medium, with none and with the second lose the same alone as beside each other.</summary>
    /// <returns>The largest difference of two losses.</returns>
    public static double LosesTheSameInAnyBatch(IMultimodalModel model, string first, string second)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        EncoderOutput a = model.Encode(first), b = model.Encode(second);
        EncodedPrompt[] prompts = [.. Questions.Select((question, i) =>
            model.Prompts.Encode(question, "It is a red bicycle" + new string('!', 3 * i) + ".", i switch { 0 => a.Layout, 1 => null, _ => b.Layout }))];
        float[][] alone = [Plainly.Nll(model, [prompts[0]], a.Values), Plainly.Nll(model, [prompts[1]], null), Plainly.Nll(model, [prompts[2]], b.Values)];
        float[] together = Plainly.Nll(model, prompts, cat([a.Values, b.Values], 0));
        together.Length.ShouldBe(alone.Sum(nll => nll.Length));
        double worst = alone.SelectMany(nll => nll).Zip(together, (x, y) => Math.Abs(x - y)).Max();
        worst.ShouldBeLessThan(1e-5);
        return worst;
    }

    /// <summary>Questions packed behind one medium have the losses and the gradient of each alone, with a constant prefix and without.</summary>
    public static void PacksExactly(IMultimodalModel model, string file)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor medium, MediaLayout media) = model.Encode(file);
        EncodedPrompt[] prompts = [.. Questions.Select((question, i) => model.Prompts.Encode(question, $"Answer number {i}.", media))];
        (float[] separate, Tensor separateGradient) = Plainly.WithGradient(model, [.. prompts.Select(PackedSequence.Of)], medium, prompts.Length, null);
        (float[] packed, Tensor packedGradient) = Plainly.WithGradient(model, [PackedSequence.Of(prompts, 0)], medium, 1, null);
        using ConstantPrefix constant = ConstantPrefix.Of(model.LanguageModel, model.Prompts.PrefixBeforeMedia(media))!;
        (float[] prefixed, Tensor prefixedGradient) = Plainly.WithGradient(model, [PackedSequence.Of(prompts, constant.Length)], medium, 1, constant);
        double scale = separateGradient.abs().max().item<float>();
        packed.Zip(separate, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-5f);
        prefixed.Zip(separate, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-5f);
        ((packedGradient - separateGradient).abs().max().item<float>() / scale).ShouldBeLessThan(1e-5);
        ((prefixedGradient - separateGradient).abs().max().item<float>() / scale).ShouldBeLessThan(1e-5);
    }

    /// <summary>A batch of answers, cached, has the tokens of each alone and of everything computed anew at every token.</summary>
    /// <param name="model">The model.</param>
    /// <param name="media">One for each question at least; each question is asked with its medium and without.</param>
    /// <param name="tokens">Most tokens of an answer.</param>
    public static void GeneratesTheSameCachedBatchedAndAlone(IMultimodalModel model, IReadOnlyList<string> media, int tokens)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        IReadOnlyList<EncoderOutput> outputs = model.Encode(media);
        GenerationRequest[] requests = [.. Questions.SelectMany((question, i) => new[]
        {
            new GenerationRequest(model.Prompts.Encode(question, media: outputs[i].Layout), outputs[i].Values), new GenerationRequest(model.Prompts.Encode(question)),
        })];
        GenerationOptions options = new() { MaxNewTokens = tokens };
        IReadOnlyList<int[]> together = TextGenerator.Tokens(model, requests, options);
        for (int i = 0; i < requests.Length; i++)
        {
            TextGenerator.Tokens(model, [requests[i]], options)[0].ShouldBe(together[i]);
            Plainly.Uncached(model, requests[i], tokens).ShouldBe(together[i]);
        }
    }

    /// <summary>
    /// A checkpoint whose tensors have the names of another layout is the same model, to the bit; merged with an adapter it is the model with the adapter on.
    /// </summary>
    /// <param name="fixture">The checkpoint.</param>
    /// <param name="adapter">A PEFT adapter of it.</param>
    /// <param name="renamed">A tensor's name there → its name in the other layout.</param>
    /// <param name="folder">Receives the other checkpoint and the merged one.</param>
    /// <param name="logits">Of something with a medium.</param>
    public static void ReadsAndMergesAnotherLayout(string fixture, string adapter, Func<string, string> renamed, TemporaryFolder folder, Func<IMultimodalModel, Tensor> logits)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        string other = folder.File("other"), merged = folder.File("merged");
        Directory.CreateDirectory(other);
        foreach (string file in Directory.GetFiles(fixture).Where(file => !file.EndsWith(".safetensors", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(other, Path.GetFileName(file)));
        }

        using (Checkpoint source = Checkpoint.Open(fixture))
        {
            SafetensorsWriter.Write(Path.Combine(other, "model.safetensors"), source.Names.Select(name => (renamed(name), source.Load(name, ScalarType.Float32, CPU))));
        }

        using IMultimodalModel model = MultimodalModel.Load(fixture, CPU, ScalarType.Float32), same = MultimodalModel.Load(other, CPU, ScalarType.Float32);
        Tensor before = logits(model);
        (logits(same) - before).abs().max().item<float>().ShouldBe(0);

        CheckpointExport.MergeAdapter(other, adapter, merged);
        using IMultimodalModel whole = MultimodalModel.Load(merged, CPU, ScalarType.Float32);
        using LoraAdapter attached = PeftAdapter.Load(model.LanguageModel, adapter);
        (logits(whole) - logits(model)).abs().max().item<float>().ShouldBeLessThan(1e-5f);
        (before - logits(model)).abs().max().item<float>().ShouldBeGreaterThan(0.01f);
    }

    /// <summary>Logits of an answer behind a medium.</summary>
    public static Tensor Logits(IMultimodalModel model, EncoderOutput medium, string answer)
    {
        using PackedBatch batch = new(model, [PackedSequence.Of(model.Prompts.Encode(Questions[0], answer, medium.Layout))]);
        return batch.Logits(medium.Values);
    }
}
