using SeaCluster.Models.Configuration;
using SeaCluster.Models.Media;
using SeaCluster.Models.Prompts;
using SeaCluster.Tests;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace SeaCluster.Models.Tests.Qwen2Vl;

public sealed class Qwen2VlTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] Media =
    [
        Repository.Fixture("media", "images", "scene.png"), Repository.Fixture("media", "video", "moving.mp4"), Repository.Fixture("media", "images", "wide.png"),
        Repository.Fixture("media", "video", "one-frame.mp4"), Repository.Fixture("media", "images", "tiny.png"),
    ];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Shapes => [.. RandomQwen2Vl.Shapes.Keys];

    public void Dispose() => folder.Dispose();

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void A_medium_has_the_same_encoder_output_alone_and_beside_others(string shape)
    {
        using DisposeScope scope = NewDisposeScope();
        RandomQwen2Vl.Shape sizes = RandomQwen2Vl.Shapes[shape];
        using IMultimodalModel model = RandomQwen2Vl.In(folder.Path, sizes);
        IReadOnlyList<EncoderOutput> together = model.Encode(Media);
        for (int i = 0; i < Media.Length; i++)
        {
            EncoderOutput alone = model.Encode(Media[i]);
            alone.Layout.ShouldBe(together[i].Layout);
            (alone.Values - together[i].Values).abs().max().item<float>().ShouldBeLessThan(1e-5f);
            alone.Values.shape.ShouldBe([(long)alone.Layout.Tokens * sizes.Merge * sizes.Merge, sizes.Encoder]);
            model.Project(alone.Values).shape.ShouldBe([alone.Layout.Tokens, sizes.Hidden]);
            alone.Layout.Modality.ShouldBe(Media[i].EndsWith(".mp4", StringComparison.Ordinal) ? Modality.Video : Modality.Image);
        }

        // 24 frames at 8 a second; two a second are taken, in whole groups.
        together[1].Layout.Grid!.Time.ShouldBe(6 / sizes.Deep);
        together[3].Layout.Grid!.Time.ShouldBe(1);
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void A_video_of_one_picture_is_perceived_as_the_picture_at_every_time(string shape)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        RandomQwen2Vl.Shape sizes = RandomQwen2Vl.Shapes[shape];
        using Models.Qwen2Vl model = RandomQwen2Vl.In(folder.Path, sizes);
        PatchPreprocessor preprocessor = new(PatchConfig.Read(folder.Path, Modality.Video, model.Config.Vision!, PatchConfig.Qwen2Vl(Modality.Video)));
        ImageFrame picture = MediaReader.Default.ReadImage(Media[0]);
        EncoderOutput image = model.Encode(preprocessor.Process([picture]), Modality.Image);
        EncoderOutput video = model.Encode(preprocessor.Process([.. Enumerable.Repeat(picture, (2 * sizes.Deep) + 1)]), Modality.Video);
        video.Layout.Grid.ShouldBe(image.Layout.Grid! with { Time = 3 });
        (video.Values.view(3, -1, sizes.Encoder) - image.Values).abs().max().item<float>().ShouldBeLessThan(1e-5f);
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void A_sequence_gives_the_same_loss_alone_and_in_any_batch(string shape)
    {
        using IMultimodalModel model = RandomQwen2Vl.In(folder.Path, RandomQwen2Vl.Shapes[shape]);
        output.WriteLine($"largest difference {EveryFamily.LosesTheSameInAnyBatch(model, Media[0], Media[1]):E2}");
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void Packing_questions_behind_one_medium_is_exact_with_and_without_a_constant_prefix(string shape)
    {
        using IMultimodalModel model = RandomQwen2Vl.In(folder.Path, RandomQwen2Vl.Shapes[shape]);
        EveryFamily.PacksExactly(model, Media[0]);
        EveryFamily.PacksExactly(model, Media[1]);
    }

    [RequiresTheory("ffmpeg")]
    [MemberData(nameof(Shapes))]
    public void Generation_with_a_cache_equals_generation_without_and_a_batch_equals_each_alone(string shape)
    {
        using IMultimodalModel model = RandomQwen2Vl.In(folder.Path, RandomQwen2Vl.Shapes[shape]);
        EveryFamily.GeneratesTheSameCachedBatchedAndAlone(model, Media, tokens: 10);
    }

    [Fact]
    public void All_weight_layouts_give_the_same_model_and_merged_weights_what_the_adapter_gave()
    {
        EveryFamily.ReadsAndMergesAnotherLayout(
            Repository.Fixture("qwen2-vl", "model"), Repository.Fixture("qwen2-vl", "adapters-image", "sft-final"), Nested, folder, model => EveryFamily.Logits(model, model.EncodeBlank(Modality.Video), "A wall."));

        static string Nested(string name) => name.StartsWith("model.", StringComparison.Ordinal) ? "model.language_model." + name["model.".Length..]
            : name.StartsWith("visual.", StringComparison.Ordinal) ? "model." + name
            : name;
    }

    [Fact]
    public void The_blank_media_are_white_and_as_large_as_the_processor_allows_up_to_eight_tokens_a_side()
    {
        using DisposeScope scope = NewDisposeScope();
        using IMultimodalModel model = MultimodalModel.Load(Repository.Fixture("qwen2-vl", "model"), CPU, ScalarType.Float32);

        // At most 9408 pixels: three tokens of 28 pixels a side. Eight frames in pairs.
        model.EncodeBlank(Modality.Image).Layout.ShouldBe(MediaLayout.Of(new MediaGrid(1, 3, 3), Modality.Image));
        model.EncodeBlank(Modality.Video).Layout.ShouldBe(MediaLayout.Of(new MediaGrid(4, 3, 3), Modality.Video));
        EncoderOutput white = model.Encode(Repository.Fixture("media", "images", "blank.png"));
        (white.Values - model.EncodeBlank(Modality.Image).Values).abs().max().item<float>().ShouldBeLessThan(1e-5f);
        Should.Throw<SeaException>(() => model.EncodeBlank(Modality.Audio)).Message.ShouldContain("Qwen2Vl models take image and video, not audio");
    }

    [Fact]
    public void Positions_of_media_tokens_extend_in_time_height_and_width_and_text_goes_on_behind_rows_and_columns()
    {
        MediaLayout layout = MediaLayout.Of(new MediaGrid(2, 1, 3), Modality.Video);
        EncodedPrompt prompt = new() { Text = "", Ids = [.. Enumerable.Range(0, 10)], Labels = [.. Enumerable.Repeat(EncodedPrompt.NoLabel, 10)], MediaSpans = [(2, 6)], PromptLength = 10, Layout = layout };
        TokenPosition.Of(prompt).ShouldBe(
        [
            new(0, 0, 0), new(1, 1, 1), new(2, 2, 2), new(2, 2, 3), new(2, 2, 4), new(3, 2, 2), new(3, 2, 3), new(3, 2, 4), new(5, 5, 5), new(6, 6, 6),
        ]);
        TokenPosition.Of(prompt with { Layout = MediaLayout.Of(6, Modality.Video) }).ShouldBe(TokenPosition.Texts(10));
        Should.Throw<ArgumentException>(() => TokenPosition.Of(prompt with { MediaSpans = [(2, 5)] })).Message.ShouldContain("5 media tokens, its grid 2 x 1 x 3");
    }

    [Theory]
    [InlineData("""{"patch_size": 16}""", "preprocessor_config.json: patch_size is 16, but config.json says 14.")]
    [InlineData("""{"min_pixels": 5000, "max_pixels": 4000}""", "preprocessor_config.json: min_pixels is 5000, more than max_pixels 4000.")]
    [InlineData("""{"size": 3}""", "preprocessor_config.json: size must be an object, found 3.")]
    [InlineData("""{"cap_pixels_per_frame": true}""", "preprocessor_config.json: cap_pixels_per_frame asks for a budget shared among frames, which is not supported.")]
    public void A_processor_that_does_not_fit_is_refused(string json, string message)
    {
        File.WriteAllText(folder.File("preprocessor_config.json"), json);
        VisionConfig vision = ModelConfig.Read(Repository.Fixture("qwen2-vl", "model")).Vision!;
        Should.Throw<SeaException>(() => PatchConfig.Read(folder.Path, Modality.Image, vision, PatchConfig.Qwen2Vl(Modality.Image))).Message.ShouldEndWith(message);
    }
}
