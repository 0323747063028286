using System.Runtime.InteropServices;
using SeaCluster.Models.Media;
using SeaCluster.Models.Safetensors;
using SeaCluster.Tests;

namespace SeaCluster.Models.Tests.Media;

public sealed class ImagePreprocessorTests
{
    private static readonly float[] ClipStd = [0.26862954f, 0.26130258f, 0.27577711f];

    [RequiresFact("ffmpeg")]
    public void Pixels_equal_the_reference_within_its_tolerance()
    {
        ImagePreprocessor preprocessor = ImagePreprocessor.For(Repository.Fixture("llava", "model"));
        using SafetensorsFile reference = SafetensorsFile.Open(Repository.Fixture("llava", "cases-image.safetensors"));
        string[] names = [.. reference.Names.Where(name => name.EndsWith(".pixel_values", StringComparison.Ordinal))];
        names.Length.ShouldBe(13);
        foreach (string name in names)
        {
            string file = name["pre.".Length..^".pixel_values".Length];
            ReadOnlySpan<float> expected = MemoryMarshal.Cast<byte, float>(reference.Bytes(name));

            PixelValues pixels = preprocessor.Process(MediaReader.Default.ReadImage(Repository.Fixture("media", file)));

            (pixels.Height, pixels.Width, pixels.Values.Length).ShouldBe((56, 56, expected.Length), file);
            double sum = 0;
            double largest = 0;
            for (int i = 0; i < expected.Length; i++)
            {
                double levels = Math.Abs(pixels.Values[i] - expected[i]) * ClipStd[i / (56 * 56)] * 255;
                largest = Math.Max(largest, levels);
                sum += levels;
            }

            double mean = sum / expected.Length;
            if (file.EndsWith(".jpg", StringComparison.Ordinal))
            {
                mean.ShouldBeLessThan(1.5, $"{file}: levels off on average (2.5 allowed)");
            }
            else
            {
                largest.ShouldBeLessThan(0.01, $"{file}: largest difference in levels (2 allowed)");
            }
        }
    }

    [Fact]
    public void A_flat_picture_stays_flat_at_any_size()
    {
        PreprocessorConfig config = new() { Size = (31, 17), ShortestEdge = null, DoCenterCrop = false, DoNormalize = false, DoRescale = false };
        foreach (int side in new[] { 1, 2, 16, 17, 100 })
        {
            new ImagePreprocessor(config).Process(ImageFrame.Filled(side, side + 1, 200)).Values.ShouldAllBe(value => value == 200);
        }
    }

    [Fact]
    public void A_crop_larger_than_the_picture_adds_black_borders()
    {
        PreprocessorConfig config = new() { DoResize = false, CropSize = (5, 4), DoNormalize = false, DoRescale = false };

        PixelValues pixels = new ImagePreprocessor(config).Process(ImageFrame.Filled(2, 2, 9));

        pixels.Values[..20].ShouldBe([
            0, 0, 0, 0,
            0, 0, 0, 0,
            0, 9, 9, 0,
            0, 9, 9, 0,
            0, 0, 0, 0,
        ]);
    }

    [Fact]
    public void Missing_keys_have_the_references_defaults()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(Path.Combine(folder.Path, "preprocessor_config.json"), "{}");

        PixelValues pixels = ImagePreprocessor.For(folder.Path).Process(ImageFrame.Filled(300, 500, 255));

        (pixels.Height, pixels.Width).ShouldBe((224, 224));
        pixels.Values[0].ShouldBe((1 - 0.48145466f) / 0.26862954f, 1e-6f);
    }

    [Fact]
    public void The_image_processor_of_a_joint_config_is_read()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(
            Path.Combine(folder.Path, "processor_config.json"),
            """{"image_processor":{"size":{"height":84,"width":42},"do_center_crop":false,"resample":2,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}}""");

        PreprocessorConfig config = PreprocessorConfig.Read(folder.Path);

        config.Size.ShouldBe((84, 42));
        config.Resample.ShouldBe(Resampling.Bilinear);
        PixelValues pixels = new ImagePreprocessor(config).Process(ImageFrame.Filled(10, 10, 255));
        (pixels.Height, pixels.Width, pixels.Values[0]).ShouldBe((84, 42, 1f));
    }

    [Theory]
    [InlineData("""{"resample":1}""", "resample must be 2 (bilinear) or 3 (bicubic), found 1.")]
    [InlineData("""{"size":"big"}""", "size must be height and width or shortest_edge, each 1 to 16384, found \"big\".")]
    [InlineData("""{"size":{"height":0,"width":4}}""", "size must be height and width or shortest_edge, each 1 to 16384, found {\"height\":0,\"width\":4}.")]
    [InlineData("""{"crop_size":{"height":4}}""", "crop_size must be height and width, each 1 to 16384, found {\"height\":4}.")]
    [InlineData("""{"do_resize":1}""", "do_resize must be true or false, found 1.")]
    [InlineData("""{"image_mean":[0.5]}""", "image_mean must be three numbers, one a channel, found [0.5].")]
    [InlineData("""{""", "cannot be read as JSON")]
    public void A_wrong_config_is_told_by_file_and_key(string json, string message)
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "preprocessor_config.json");
        File.WriteAllText(path, json);
        string found = Should.Throw<SeaException>(() => ImagePreprocessor.For(folder.Path)).Message;
        found.ShouldContain(path);
        found.ShouldContain(message);
    }

    [Fact]
    public void A_checkpoint_without_a_config_is_told() =>
        Should.Throw<SeaException>(() => ImagePreprocessor.For(Repository.Root)).Message.ShouldContain("neither a preprocessor_config.json nor an image_processor");

    [Fact]
    public void A_picture_too_long_and_thin_is_refused_instead_of_filling_the_memory() =>
        Should.Throw<SeaException>(() => new ImagePreprocessor(new PreprocessorConfig()).Process(ImageFrame.Filled(20_000, 1, 0)))
            .Message.ShouldBe("A picture of 20000 x 1 pixels is too long and thin: with a shorter side of 224 its longer side would be 4480000.");
}
