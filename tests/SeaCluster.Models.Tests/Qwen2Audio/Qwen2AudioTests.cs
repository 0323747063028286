using SeaCluster.Tests;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace SeaCluster.Models.Tests.Qwen2Audio;

public sealed class Qwen2AudioTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] Clips = [.. new[] { "tone", "short", "float", "pcm8", "stereo44k", "speech8k", "long" }.Select(name => Repository.Fixture("media", "audio", name + ".wav"))];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Shapes => [.. RandomQwen2Audio.Shapes.Keys];

    public void Dispose() => folder.Dispose();

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void A_clip_has_the_same_encoder_output_alone_and_in_any_batch(string shape)
    {
        using DisposeScope scope = NewDisposeScope();
        using IMultimodalModel model = RandomQwen2Audio.In(folder.Path, RandomQwen2Audio.Shapes[shape]);
        IReadOnlyList<EncoderOutput> together = model.Encode(Clips);
        double worst = 0;
        for (int i = 0; i < Clips.Length; i++)
        {
            EncoderOutput alone = model.Encode(Clips[i]);
            alone.Layout.ShouldBe(together[i].Layout);
            worst = Math.Max(worst, (alone.Values - together[i].Values).abs().max().item<float>());
        }

        output.WriteLine($"largest difference {worst:E2}");
        worst.ShouldBeLessThan(1e-5);
        together.Select(clip => clip.Values.shape[0]).Distinct().Count().ShouldBeGreaterThan(4);
        together.ShouldAllBe(clip => clip.Layout.Modality == Modality.Audio && clip.Layout.Tokens == clip.Values.shape[0] && clip.Values.shape[1] == model.EncoderHidden);
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void A_sequence_gives_the_same_loss_alone_and_in_any_batch(string shape)
    {
        using IMultimodalModel model = RandomQwen2Audio.In(folder.Path, RandomQwen2Audio.Shapes[shape]);
        output.WriteLine($"largest difference {EveryFamily.LosesTheSameInAnyBatch(model, Clips[0], Clips[2]):E2}");
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void Packing_questions_behind_one_clip_is_exact_with_and_without_a_constant_prefix(string shape)
    {
        using IMultimodalModel model = RandomQwen2Audio.In(folder.Path, RandomQwen2Audio.Shapes[shape]);
        EveryFamily.PacksExactly(model, Clips[0]);
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void Generation_with_a_cache_equals_generation_without_and_a_batch_equals_each_alone(string shape)
    {
        using IMultimodalModel model = RandomQwen2Audio.In(folder.Path, RandomQwen2Audio.Shapes[shape]);
        EveryFamily.GeneratesTheSameCachedBatchedAndAlone(model, Clips, tokens: 6);
    }

    [Fact]
    public void What_lies_behind_a_clips_end_is_not_heard()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        using Models.Qwen2Audio model = RandomQwen2Audio.In(folder.Path, RandomQwen2Audio.Shapes["three heads to a key head, another hop"]);
        foreach (int frames in new[] { 3, 4, 5, 6, 7, 8, 81, 82, 83, 84, 157, 158 })
        {
            Tensor features = randn(1, 80, 160), changed = features.clone();
            int rows = WhisperEncoder.Rows(frames);
            rows.ShouldBe((((frames - 1) / 2) + 1 - 2) / 2 + 1, "as the reference counts");

            // The last position's convolutions reach this far.
            changed.narrow(2, frames + 2, 160 - frames - 2).add_(3.0);
            Tensor expected = model.Encode(features, [frames])[0].narrow(0, 0, rows);
            (model.Encode(changed, [frames])[0].narrow(0, 0, rows) - expected).abs().max().item<float>().ShouldBe(0, $"{frames} frames");

            // Beside a longer clip the padding is really there, and hidden.
            Tensor beside = model.Encode(cat([changed, features], 0), [frames, 160])[0].narrow(0, 0, rows);
            (beside - expected).abs().max().item<float>().ShouldBeLessThan(1e-5f, $"{frames} frames");
        }
    }

    [RequiresFact("ffmpeg")]
    public void All_weight_layouts_give_the_same_model_and_merged_weights_what_the_adapter_gave()
    {
        EveryFamily.ReadsAndMergesAnotherLayout(
            Repository.Fixture("qwen2-audio", "model"), Repository.Fixture("qwen2-audio", "adapters-audio", "sft-final"), Nested, folder, model => EveryFamily.Logits(model, model.Encode(Clips[0]), "A tone."));

        static string Nested(string name) => name
            .Replace("language_model.model.", "model.language_model.", StringComparison.Ordinal)
            .Replace("language_model.lm_head.", "lm_head.", StringComparison.Ordinal)
            .Replace("audio_tower.", "model.audio_tower.", StringComparison.Ordinal)
            .Replace("multi_modal_projector.", "model.multi_modal_projector.", StringComparison.Ordinal);
    }

    [Fact]
    public void The_blank_is_silence_of_four_seconds_or_of_the_window()
    {
        using DisposeScope scope = NewDisposeScope();
        using Models.Qwen2Audio model = RandomQwen2Audio.In(folder.Path, RandomQwen2Audio.Shapes["five heads, one key head, tied"] with { Seconds = 6 });
        EncoderOutput blank = model.EncodeBlank(Modality.Audio);
        (blank.Values.shape[0], blank.Layout.Tokens, blank.Layout.Modality).ShouldBe((100, 100, Modality.Audio));
        using TemporaryFolder second = new();
        using Models.Qwen2Audio small = RandomQwen2Audio.In(second.Path, RandomQwen2Audio.Shapes["five heads, one key head, tied"]);
        small.EncodeBlank(Modality.Audio).Layout.Tokens.ShouldBe(75);
        Should.Throw<SeaException>(() => small.EncodeBlank(Modality.Image)).Message.ShouldContain("Qwen2Audio models take audio, not image");
    }

    [RequiresFact("ffmpeg")]
    public void Files_that_make_no_token_or_are_no_sound_are_refused_by_name()
    {
        using Models.Qwen2Audio model = RandomQwen2Audio.In(folder.Path, RandomQwen2Audio.Shapes["five heads, one key head, tied"]);
        byte[] tone = File.ReadAllBytes(Clips[0]);
        string blip = folder.File("blip.wav");
        foreach ((int samples, bool enough) in new[] { (1, false), (320, false), (321, true) })
        {
            byte[] cut = [.. tone.AsSpan(0, 44 + (2 * samples))];
            BitConverter.TryWriteBytes(cut.AsSpan(4), cut.Length - 8);
            BitConverter.TryWriteBytes(cut.AsSpan(40), 2 * samples);
            File.WriteAllBytes(blip, cut);
            if (enough)
            {
                using EncoderOutput one = ((IMultimodalModel)model).Encode(blip);
                one.Layout.Tokens.ShouldBe(1);
            }
            else
            {
                Should.Throw<SeaException>(() => model.Encode([blip])).Message
                    .ShouldBe($"Cannot use the audio '{blip}': it lasts {(samples == 1 ? "0.0001" : "0.02")} s, but one token of this model takes more than 0.02 s.");
            }
        }

        string picture = Repository.Fixture("media", "images", "scene.png");
        Should.Throw<SeaException>(() => model.Encode([picture])).Message.ShouldStartWith($"Cannot read the audio '{picture}': it is no WAV, FLAC, MP3 or Ogg file");
    }

    [Fact]
    public void A_preprocessor_of_another_checkpoint_is_refused()
    {
        RandomQwen2Audio.Shape shape = RandomQwen2Audio.Shapes["five heads, one key head, tied"];
        RandomQwen2Audio.In(folder.Path, shape).Dispose();
        string file = Path.Combine(folder.Path, "preprocessor_config.json");
        File.WriteAllText(file, """{"feature_size": 24, "chunk_length": 30}""");
        Should.Throw<SeaException>(() => MultimodalModel.Load(folder.Path)).Message
            .ShouldBe($"{folder.Path}: the preprocessor makes 3000 frames of 30 s, but max_source_positions of config.json asks for 300.");
        File.WriteAllText(file, """{"feature_size": 80, "chunk_length": 3}""");
        Should.Throw<SeaException>(() => MultimodalModel.Load(folder.Path)).Message
            .ShouldBe($"{folder.Path}: the preprocessor's feature_size is 80, but num_mel_bins of config.json is 24.");
    }
}
