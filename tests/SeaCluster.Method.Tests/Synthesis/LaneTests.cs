using System.Text.Json;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using SeaCluster.Models.Safetensors;
using SeaCluster.Tests;
using SeaCluster.Torch;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace SeaCluster.Method.Tests.Synthesis;

[Collection(TensorCounts.Alone)]
public sealed class LaneTests(ITestOutputHelper output) : IDisposable
{
    private readonly IMultimodalModel model = MultimodalModel.Load(Repository.Fixture("llava", "model"));
    private readonly string folder = Directory.CreateTempSubdirectory("sea-lane-").FullName;

    public void Dispose()
    {
        model.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Losses_and_results_are_those_of_the_reference()
    {
        using DisposeScope scope = NewDisposeScope();
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Repository.Fixture("llava", "cases-image.json")));
        using SafetensorsFile tensors = SafetensorsFile.Open(Repository.Fixture("llava", "cases-image.safetensors"));
        foreach (JsonElement expected in cases.RootElement.GetProperty("sea").EnumerateArray())
        {
            string name = expected.GetProperty("name").GetString()!;
            SynthesisSample sample = new(name, [.. expected.GetProperty("pairs").EnumerateArray().Select(pair =>
                new QuestionAnswer(pair.GetProperty("question").GetString()!, pair.GetProperty("answer").GetString()!))], null, "");
            SynthesisOptions options = new() { LearningRate = 0.05, Steps = 30 };
            using Lane lane = new(model, options, new EncoderOutput(tensors.Load("sea.init"), MediaLayout.Of(16)), model.Prompts.PrefixBeforeMedia(MediaLayout.Of(16)), (s, media, skip) =>
                PackedSequence.Of([.. s.Pairs.Select(pair => model.Prompts.Encode(pair.Question, pair.Answer, media))], skip));
            SynthesisResult result = Optimise(lane, [sample], 1)[0];
            float[] losses = [.. expected.GetProperty("losses").EnumerateArray().Select(loss => loss.GetSingle())];
            double worst = losses.Zip(result.Losses, (a, b) => Math.Abs(a - b)).Max();
            Tensor final = tensors.Load($"sea.{name}.final");
            double cosine = (final * result.EncoderOutput.Values).sum().item<float>() / (final.norm().item<float>() * result.EncoderOutput.Values.norm().item<float>());
            output.WriteLine($"{name}: largest loss difference {worst:E2} of 2e-3, cosine of the results {cosine:F6}");
            result.Losses.Count.ShouldBe(31);
            worst.ShouldBeLessThan(2e-3);
            cosine.ShouldBeGreaterThan(0.999);
            result.Dispose();
        }
    }

    [Fact]
    public void A_sample_ends_with_the_same_losses_alone_and_beside_others_that_come_and_go()
    {
        SynthesisOptions options = new() { LearningRate = 0.05, Steps = 8, RerunUnperceived = false };
        SynthesisSample[] samples = Samples(5);
        Dictionary<string, SynthesisResult> together = Together(options, samples, 2);
        foreach (SynthesisSample sample in samples)
        {
            SynthesisResult alone = Together(options, [sample], 1)[sample.Id];
            double worst = alone.Losses.Zip(together[sample.Id].Losses, (a, b) => Math.Abs(a - b)).Max();
            output.WriteLine($"{sample.Id}: {worst:E2}");
            worst.ShouldBeLessThan(1e-5);
            alone.Dispose();
        }

        Array.ForEach([.. together.Values], result => result.Dispose());
    }

    [Fact]
    public void The_stopping_rule_ends_a_sample_after_so_many_losses_at_or_below_the_threshold()
    {
        SynthesisSample sample = Samples(1)[0];
        SynthesisResult full = Together(new SynthesisOptions { LearningRate = 0.05, Steps = 20 }, [sample], 1)[sample.Id];
        float threshold = full.Losses[8];
        SynthesisResult stopped = Together(new SynthesisOptions { LearningRate = 0.05, Steps = 20, Threshold = threshold, Checks = 3 }, [sample], 1)[sample.Id];
        int first = Enumerable.Range(0, full.Losses.Count).First(i => i + 2 < full.Losses.Count && full.Losses[i] <= threshold && full.Losses[i + 1] <= threshold && full.Losses[i + 2] <= threshold);
        stopped.Losses.ShouldBe(full.Losses.Take(first + 3));
        stopped.Steps.ShouldBe(first + 2);
        full.Dispose();
        stopped.Dispose();
    }

    [Fact]
    public void A_deterministic_job_that_was_interrupted_ends_with_the_bytes_of_an_undisturbed_one()
    {
        SynthesisSample[] samples = [.. Samples(5).Select(sample => sample with { PerceptionQuestion = "What is shown?" })];
        SynthesisResult probe = Together(new SynthesisOptions { LearningRate = 0.05, Steps = 6, RerunUnperceived = false }, [samples[0]], 1)[samples[0].Id];

        // A threshold that the first sample meets early ends the samples of a group at different steps.
        SynthesisOptions options = new() { LearningRate = 0.05, Steps = 6, Slots = 2, Deterministic = true, Threshold = probe.Losses[3], Checks = 1 };
        probe.Dispose();
        string undisturbed = Path.Combine(folder, "a"), interrupted = Path.Combine(folder, "b");
        SynthesisJob.Run(model, samples, options, undisturbed);
        for (int i = 0; i < 2; i++)
        {
            using CancellationTokenSource stop = new();
            Should.Throw<OperationCanceledException>(() => SynthesisJob.Run(model, samples, options, interrupted, progress =>
            {
                if (progress.Loss is not null)
                {
                    stop.Cancel();
                }
            }, stop.Token));
        }

        SynthesisReport report = SynthesisJob.Run(model, samples, options, interrupted);
        report.Total.ShouldBe(5);
        string[] files = [.. Directory.GetFiles(undisturbed).Order(StringComparer.Ordinal)];
        files.Length.ShouldBe(5);
        foreach (string file in files)
        {
            File.ReadAllBytes(Path.Combine(interrupted, Path.GetFileName(file))).ShouldBe(File.ReadAllBytes(file), Path.GetFileName(file));
        }
    }

    [Fact]
    public void A_finished_sample_is_not_done_again_and_a_damaged_or_foreign_one_is()
    {
        SynthesisOptions options = new() { LearningRate = 0.05, Steps = 3 };
        SynthesisSample[] samples = Samples(3);
        SynthesisJob.Run(model, samples, options, folder).Optimised.ShouldBe(3);
        SynthesisJob.Run(model, samples, options, folder).Optimised.ShouldBe(0);
        string file = SynthesisJob.FileOf(folder, samples[1].Id);
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..200]);
        SynthesisJob.Run(model, samples, options, folder).Optimised.ShouldBe(1);
        SynthesisJob.Run(model, samples, options with { Steps = 4 }, folder).Optimised.ShouldBe(3);
    }

    [Fact]
    public void Streams_side_by_side_give_what_one_gives()
    {
        SynthesisOptions options = new() { LearningRate = 0.05, Steps = 6, RerunUnperceived = false };
        SynthesisSample[] samples = Samples(7);
        Dictionary<string, SynthesisResult> one = Together(options, samples, 3), three = Together(options, samples, 1, streams: 3);
        three.Keys.Order(StringComparer.Ordinal).ShouldBe(one.Keys.Order(StringComparer.Ordinal));
        foreach (string id in one.Keys)
        {
            double worst = one[id].Losses.Zip(three[id].Losses, (a, b) => Math.Abs(a - b)).Max();
            output.WriteLine($"{id}: {worst:E2}");
            worst.ShouldBeLessThan(1e-5);
        }

        Array.ForEach([.. one.Values, .. three.Values], result => result.Dispose());
    }

    [Fact]
    public void Deterministic_bytes_do_not_depend_on_the_number_of_streams()
    {
        SynthesisOptions options = new() { LearningRate = 0.05, Steps = 6, RerunUnperceived = false, Deterministic = true };
        SynthesisSample[] samples = Samples(6);
        Dictionary<string, SynthesisResult> one = Together(options, samples, 2), two = Together(options, samples, 2, streams: 2);
        foreach (string id in one.Keys)
        {
            two[id].EncoderOutput.Values.data<float>().ToArray().ShouldBe(one[id].EncoderOutput.Values.data<float>().ToArray());
            two[id].Losses.ShouldBe(one[id].Losses);
        }

        Array.ForEach([.. one.Values, .. two.Values], result => result.Dispose());
    }

    [Fact]
    public void An_error_in_one_stream_ends_all_of_them_and_is_the_one_that_is_told()
    {
        long before = TensorStatistics.Live;
        using (Lane lane = new(model, new SynthesisOptions { LearningRate = 0.05, Steps = 50, RerunUnperceived = false }))
        {
            Queue<SynthesisSample> waiting = new([.. Samples(3), Samples(1)[0] with { Id = "bad", Pairs = [] }]);
            Should.Throw<Exception>(() => lane.Run(
                (free, _) => [.. Enumerable.Range(0, Math.Min(free, waiting.Count)).Select(_ => waiting.Dequeue())], 2, 2, result => result.Dispose()))
                .ShouldNotBeOfType<OperationCanceledException>();
        }

        TensorStatistics.Live.ShouldBe(before);
    }

    [Fact]
    public void Every_free_slot_is_filled_and_steps_tell_how_many_are()
    {
        using Lane lane = new(model, new SynthesisOptions { LearningRate = 0.05, Steps = 3, RerunUnperceived = false });
        List<LaneStep> steps = [];
        lane.Stepped = steps.Add;
        Optimise(lane, Samples(8), 2, streams: 2).ForEach(result => result.Dispose());
        steps.Max(step => step.Busy).ShouldBe(4);
        steps.ShouldAllBe(step => step.Busy <= step.Slots && step.Tokens > 0 && step.Time > TimeSpan.Zero);
    }

    [Fact]
    public void Weights_get_no_gradient_and_no_tensor_is_left_behind()
    {
        SynthesisSample[] samples = Samples(4);
        SynthesisOptions options = new() { LearningRate = 0.05, Steps = 4 };
        SynthesisJob.Run(model, samples, options, Path.Combine(folder, "warm"));
        long before = TensorStatistics.Live;
        SynthesisJob.Run(model, samples, options, Path.Combine(folder, "counted"));
        TensorStatistics.Live.ShouldBe(before);
        Weights weights = model.Weights;
        weights.Names.ShouldAllBe(name => !weights[name].requires_grad);
    }

    private static SynthesisSample[] Samples(int count) => [.. Enumerable.Range(0, count).Select(i => new SynthesisSample(
        $"sample-{i}", [new QuestionAnswer("What does it show?", $"It shows object number {i}{new string('.', i)}"), new QuestionAnswer("In which style is it made?", i % 2 == 0 ? "It is a photo." : "It is a pencil drawing.")],
        null, $"object number {i}"))];

    private Dictionary<string, SynthesisResult> Together(SynthesisOptions options, SynthesisSample[] samples, int slots, int streams = 1)
    {
        using Lane lane = new(model, options);
        return Optimise(lane, samples, slots, streams).ToDictionary(result => result.Sample.Id);
    }

    private static List<SynthesisResult> Optimise(Lane lane, IReadOnlyList<SynthesisSample> samples, int slots, int streams = 1)
    {
        Queue<SynthesisSample> waiting = new(samples);
        List<SynthesisResult> results = [];
        lane.Run((free, _) => [.. Enumerable.Range(0, Math.Min(free, waiting.Count)).Select(_ => waiting.Dequeue())], slots, streams, results.Add);
        return results;
    }
}
