using SeaCluster.Models.Configuration;
using SeaCluster.Models.Media;
using SeaCluster.Models.Media.Video;
using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using SeaCluster.Models.Safetensors;
using SeaCluster.Tests;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace SeaCluster.Models.Tests.VideoLlama3;

public sealed class VideoLlama3Tests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] Media =
    [
        Repository.Fixture("media", "images", "scene.png"), Repository.Fixture("media", "video", "moving.mp4"), Repository.Fixture("media", "images", "wide.png"),
        Repository.Fixture("media", "video", "one-frame.mp4"), Repository.Fixture("media", "video", "words.mp4"),
    ];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Shapes => [.. RandomVideoLlama3.Shapes.Keys];

    public void Dispose() => folder.Dispose();

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void A_medium_has_the_same_encoder_output_alone_and_beside_others(string shape)
    {
        using DisposeScope scope = NewDisposeScope();
        RandomVideoLlama3.Shape sizes = RandomVideoLlama3.Shapes[shape];
        using IMultimodalModel model = RandomVideoLlama3.In(folder.Path, sizes);
        IReadOnlyList<EncoderOutput> together = model.Encode(Media);
        for (int i = 0; i < Media.Length; i++)
        {
            EncoderOutput alone = model.Encode(Media[i]);
            alone.Layout.ShouldBe(together[i].Layout);
            (alone.Values - together[i].Values).abs().max().item<float>().ShouldBe(0);
            alone.Values.shape.ShouldBe([alone.Layout.Tokens, sizes.Encoder]);
            model.Project(alone.Values).shape.ShouldBe([alone.Layout.Tokens, sizes.Hidden]);
            alone.Layout.Modality.ShouldBe(Media[i].EndsWith(".mp4", StringComparison.Ordinal) ? Modality.Video : Modality.Image);
        }

        // 24 frames at 8 a second; five frames at most: every 4.8th, cut down.
        together[1].Layout.Parts.Select(part => part.Label).ShouldBe(["Time 0.0s:", ",Time 0.5s:", ",Time 1.1s:", ",Time 1.8s:", ",Time 2.4s:"]);
        together[3].Layout.Parts.Select(part => part.Label).ShouldBe(["Time 0.0s:"]);
        together[0].Layout.Parts.ShouldHaveSingleItem().Label.ShouldBe("");
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void Compression_leaves_tokens_out_that_show_what_the_frame_before_showed_and_changes_no_other(string shape)
    {
        using DisposeScope scope = NewDisposeScope();
        RandomVideoLlama3.Shape sizes = RandomVideoLlama3.Shapes[shape];
        using TemporaryFolder other = new();
        using Models.VideoLlama3 model = RandomVideoLlama3.In(folder.Path, sizes), whole = RandomVideoLlama3.In(other.Path, sizes with { Compresses = false });
        foreach (string file in new[] { Media[1], Media[4], Repository.Fixture("media", "video", "blank.mp4") })
        {
            VisionInput input = model.Read(file, Modality.Video);
            (EncoderOutput some, EncoderOutput all) = (model.Encode([file])[0], whole.Encode([file])[0]);
            int frames = all.Layout.Parts.Count, tokens = all.Layout.Parts[0].Tokens;
            all.Layout.Parts.ShouldAllBe(part => part.Tokens == tokens);
            some.Layout.Parts.Select(part => part.Tokens).ShouldBe(input.Kept.Chunk(tokens).Select(frame => frame.Count(kept => kept)));
            some.Layout.Parts[0].Tokens.ShouldBe(tokens);
            some.Layout.Parts.ShouldAllBe(part => part.Tokens > 0);
            some.Layout.Tokens.ShouldBeLessThan(all.Layout.Tokens);
            Tensor rows = tensor(Enumerable.Range(0, frames * tokens).Where(i => input.Kept[i]).Select(i => (long)i).ToArray());
            (all.Values.index_select(0, rows) - some.Values).abs().max().item<float>().ShouldBe(0);
            if (file.EndsWith("blank.mp4", StringComparison.Ordinal))
            {
                some.Layout.Parts.Skip(1).ShouldAllBe(part => part.Tokens == 1);
            }
        }

        // A single frame is kept whole.
        model.Read(Media[3], Modality.Video).Kept.ShouldAllBe(kept => kept);
    }

    [Fact]
    public void A_token_is_kept_where_its_pixels_differ_by_more_than_a_tenth_of_a_level_on_average()
    {
        // Two frames of three tokens of four pixel values each.
        float[] before = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2], step = [0, 0.0005f, 0, 0.001f, 0, 0, 0, 0.0018f, 0, 0.001f, 0.0007f, 0];
        PatchValues video = new(new MediaGrid(3, 1, 3), [.. before, .. before.Zip(step, (a, b) => a - b), .. before.Zip(step, (a, b) => a - b)]);
        TokenCompression.Kept(video, 1).ShouldBe([true, true, true, false, true, true, true, false, false]);
    }

    [RequiresTheory("ffmpeg")]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_token_is_the_bilinear_reduction_of_its_square_of_patches(int merge)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        RandomVideoLlama3.Shape sizes = RandomVideoLlama3.Shapes["five heads, one key head, tied"];
        using Models.VideoLlama3 model = RandomVideoLlama3.In(folder.Path, sizes);
        (int rows, int columns, int times) = (merge * 2, merge * 3, 2);
        Tensor grid = randn([times, rows, columns, 3 * sizes.Patch * sizes.Patch]);
        Tensor squares = grid.view(times, 2, merge, 3, merge, -1).permute(0, 1, 3, 2, 4, 5).reshape(times * rows * columns, -1);
        Tensor patches = model.Tower.Forward(grid.flatten(0, 2), new MediaGrid(times, rows, columns), 1).view(times, rows, columns, -1);
        Tensor tokens = model.Tower.Forward(squares, new MediaGrid(times, rows, columns), merge).view(times, 2, 3, -1);

        // Bilinear with half-pixel centres: the sample lies (merge - 1) / 2 patches into the square.
        double at = (merge - 1) / 2.0;
        int low = (int)at, high = (int)Math.Ceiling(at);
        for (int y = 0; y < 2; y++)
        {
            for (int x = 0; x < 3; x++)
            {
                Tensor Patch(int dy, int dx) => patches.select(1, (y * merge) + dy).select(1, (x * merge) + dx);
                Tensor expected = (Patch(low, low) + Patch(low, high) + Patch(high, low) + Patch(high, high)) / 4;
                (tokens.select(1, y).select(1, x) - expected).abs().max().item<float>().ShouldBeLessThan(1e-5f);
            }
        }
    }

    [RequiresFact("ffmpeg")]
    public void The_frames_of_a_video_share_the_most_pixels()
    {
        PatchConfig config = PatchConfig.Read(Repository.Fixture("video-llama3", "model"), Modality.Video, ModelConfig.Read(Repository.Fixture("video-llama3", "model")).Vision!, PatchConfig.VideoLlama3(Modality.Video));
        PatchPreprocessor preprocessor = new(config);
        ImageFrame picture = MediaReader.Default.ReadImage(Media[2]);

        // 37632 pixels in all: 48 tokens of 28 pixels a side.
        preprocessor.Process([picture]).Grid.ShouldBe(new MediaGrid(1, 6, 22));
        preprocessor.Process([.. Enumerable.Repeat(picture, 6)]).Grid.ShouldBe(new MediaGrid(6, 2, 10));
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void A_sequence_gives_the_same_loss_alone_and_in_any_batch(string shape)
    {
        using IMultimodalModel model = RandomVideoLlama3.In(folder.Path, RandomVideoLlama3.Shapes[shape]);
        using DisposeScope scope = NewDisposeScope();
        model.Prompts.Encode(EveryFamily.Questions[0], media: model.Encode(Media[1]).Layout).MediaSpans.Count.ShouldBe(5);
        output.WriteLine($"largest difference {EveryFamily.LosesTheSameInAnyBatch(model, Media[0], Media[1]):E2}");
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void Packing_questions_behind_one_medium_is_exact_with_and_without_a_constant_prefix(string shape)
    {
        using IMultimodalModel model = RandomVideoLlama3.In(folder.Path, RandomVideoLlama3.Shapes[shape]);
        EveryFamily.PacksExactly(model, Media[0]);
        EveryFamily.PacksExactly(model, Media[1]);
    }

    [Fact]
    public void Prompts_whose_media_stand_at_different_places_are_not_packed()
    {
        using DisposeScope scope = NewDisposeScope();
        using IMultimodalModel model = RandomVideoLlama3.In(folder.Path, RandomVideoLlama3.Shapes["seven heads, a patch a token"]);
        EncodedPrompt[] prompts = [model.Prompts.Encode("Hi?", "Yes.", MediaLayout.Frames([(0, 2), (1, 3)])), model.Prompts.Encode("Hi?", "Yes.", MediaLayout.Frames([(0, 3), (1, 2)]))];
        Should.Throw<ArgumentException>(() => PackedSequence.Of(prompts, 0)).Message.ShouldStartWith("The prompts of one sample have their medium at different places.");
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void Generation_with_a_cache_equals_generation_without_and_a_batch_equals_each_alone(string shape)
    {
        using IMultimodalModel model = RandomVideoLlama3.In(folder.Path, RandomVideoLlama3.Shapes[shape]);
        EveryFamily.GeneratesTheSameCachedBatchedAndAlone(model, Media, tokens: 8);
    }

    [RequiresFact("ffmpeg")]
    public void The_blank_media_are_white_and_a_blank_video_keeps_all_its_tokens()
    {
        using DisposeScope scope = NewDisposeScope();
        using IMultimodalModel model = MultimodalModel.Load(Repository.Fixture("video-llama3", "model"), CPU, ScalarType.Float32);
        model.EncodeBlank(Modality.Image).Layout.ShouldBe(MediaLayout.Of(64, Modality.Image));
        EncoderOutput white = model.Encode(Repository.Fixture("media", "images", "blank.png"));
        (white.Values - model.EncodeBlank(Modality.Image).Values).abs().max().item<float>().ShouldBeLessThan(1e-5f);

        // Four frames share 37632 pixels: three tokens of 28 pixels a side; one frame a second.
        (Tensor values, MediaLayout layout) = model.EncodeBlank(Modality.Video);
        layout.ShouldBe(MediaLayout.Frames([(0, 9), (1, 9), (2, 9), (3, 9)]));
        values.shape.ShouldBe([36, 48]);
        using SafetensorsFile reference = SafetensorsFile.Open(Repository.Fixture("video-llama3", "cases-video.safetensors"));
        (values - reference.Load("sea.init")).abs().max().item<float>().ShouldBeLessThan(1e-4f);
        Should.Throw<SeaException>(() => model.EncodeBlank(Modality.Audio)).Message.ShouldContain("VideoLlama3 models take image and video, not audio");
    }

    [Fact]
    public void All_weight_layouts_give_the_same_model_and_merged_weights_what_the_adapter_gave()
    {
        EveryFamily.ReadsAndMergesAnotherLayout(
            Repository.Fixture("video-llama3", "model"), Repository.Fixture("video-llama3", "adapters-video", "sft-final"), Flat, folder, model => EveryFamily.Logits(model, model.EncodeBlank(Modality.Video), "A wall."));

        static string Flat(string name) => name.Replace("model.language_model.", "model.", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"patch_size": 16}""", "preprocessor_config.json: patch_size is 16, but config.json says 14.")]
    [InlineData("""{"temporal_patch_size": 2}""", "preprocessor_config.json: temporal_patch_size is 2, but config.json says 1.")]
    [InlineData("""{"merge_size": 20000}""", "preprocessor_config.json: merge_size is 20000, more than 16384.")]
    [InlineData("""{"min_pixels": 5000, "size": {"longest_edge": 4000}}""", "preprocessor_config.json: min_pixels is 5000, more than max_pixels 4000.")]
    public void A_processor_that_does_not_fit_is_refused(string json, string message)
    {
        File.WriteAllText(folder.File("preprocessor_config.json"), json);
        VisionConfig vision = ModelConfig.Read(Repository.Fixture("video-llama3", "model")).Vision!;
        Should.Throw<SeaException>(() => PatchConfig.Read(folder.Path, Modality.Image, vision, PatchConfig.VideoLlama3(Modality.Image))).Message.ShouldEndWith(message);
    }

    [Fact]
    public void A_processor_that_says_nothing_has_the_familys_defaults()
    {
        File.WriteAllText(folder.File("preprocessor_config.json"), "{}");
        File.WriteAllText(folder.File("video_preprocessor_config.json"), """{"use_token_compression": false}""");
        VisionConfig vision = ModelConfig.Read(Repository.Fixture("video-llama3", "model")).Vision!;
        PatchConfig images = PatchConfig.Read(folder.Path, Modality.Image, vision, PatchConfig.VideoLlama3(Modality.Image)), videos = PatchConfig.Read(folder.Path, Modality.Video, vision, PatchConfig.VideoLlama3(Modality.Video));
        (images.MergeSize, images.MinPixels, images.MaxPixels, images.SharesPixels).ShouldBe((1, 56 * 56, 28 * 28 * 1280, false));
        (videos.MergeSize, videos.MinPixels, videos.MaxPixels, videos.SharesPixels, videos.Compresses).ShouldBe((2, 128 * 28 * 28, 768 * 28 * 28, true, false));
        (videos.Sampling.FramesPerSecond, videos.Sampling.MaxFrames, videos.Steps.Mean[0], videos.Steps.Std[0]).ShouldBe((1, 180, 0.5, 0.5));
    }
}
