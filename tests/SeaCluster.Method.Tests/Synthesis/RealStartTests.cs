using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Models.Prompts;
using SeaCluster.Tests;
using SeaCluster.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Tests.Synthesis;

/// <summary>Starts from real media, of different lengths in one batch.</summary>
[Collection(TensorCounts.Alone)]
public sealed class RealStartTests : IDisposable
{
    private readonly IMultimodalModel model = MultimodalModel.Load(Repository.Fixture("qwen2-vl", "model"));
    private readonly string folder = Directory.CreateTempSubdirectory("sea-start-").FullName;

    public RealStartTests()
    {
        foreach (string name in new[] { "wide.png", "tall.png", "scene.png", "photo.jpg" })
        {
            File.Copy(Repository.Fixture("media", "images", name), Path.Combine(folder, name));
        }
    }

    public void Dispose()
    {
        model.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_sample_starts_at_its_mediums_encoder_output_and_keeps_its_layout()
    {
        StartMedia media = StartMedia.Read(folder, Modality.Image);
        SynthesisOptions options = new() { Init = EmbeddingInit.Real, InitMedia = media, LearningRate = 1e-12, Steps = 1, RerunUnperceived = false, Seed = 3 };
        HashSet<int> lengths = [];
        foreach (SynthesisResult result in Optimise(options, Samples(8), 3))
        {
            using DisposeScope scope = NewDisposeScope();
            string file = media.Of(3, result.Sample.Id, 0);
            EncoderOutput expected = model.Encode(file);
            result.StartMedium.ShouldBe(Path.GetFileName(file));
            result.EncoderOutput.Layout.ShouldBe(expected.Layout);
            (result.EncoderOutput.Values - expected.Values).abs().max().item<float>().ShouldBeLessThan(1e-5f);
            lengths.Add(result.EncoderOutput.Layout.Tokens);
            result.Dispose();
        }

        lengths.Count.ShouldBeGreaterThan(1);
    }

    [Fact]
    public void Losses_are_the_same_alone_and_beside_samples_of_other_lengths()
    {
        SynthesisOptions options = new() { Init = EmbeddingInit.Real, InitMedia = StartMedia.Read(folder, Modality.Image), LearningRate = 0.05, Steps = 6, RerunUnperceived = false };
        SynthesisSample[] samples = Samples(6);
        Dictionary<string, SynthesisResult> together = Optimise(options, samples, 4).ToDictionary(result => result.Sample.Id);
        together.Values.Select(result => result.EncoderOutput.Layout.Tokens).Distinct().Count().ShouldBeGreaterThan(1);
        foreach (SynthesisSample sample in samples)
        {
            SynthesisResult alone = Optimise(options, [sample], 1).Single();
            alone.Losses.Zip(together[sample.Id].Losses, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-5f);
            alone.Losses[^1].ShouldBeLessThan(alone.Losses[0]);
            alone.Dispose();
        }

        Array.ForEach([.. together.Values], result => result.Dispose());
    }

    [Fact]
    public void An_embedding_on_the_disk_names_its_medium_and_other_media_make_it_again()
    {
        string into = Path.Combine(folder, "embeddings");
        SynthesisSample[] samples = Samples(3);
        SynthesisOptions options = new() { Init = EmbeddingInit.Real, InitMedia = StartMedia.Read(folder, Modality.Image), Steps = 1, RerunUnperceived = false };
        long before = 0;
        for (int i = 0; i < 2; i++)
        {
            SynthesisJob.Run(model, samples, options, into).Kept.ShouldBe(i * 3);
            before = i == 0 ? TensorStatistics.Live : before;
        }

        TensorStatistics.Live.ShouldBe(before);
        using (Embedding read = EmbeddingFile.Read(SynthesisJob.FileOf(into, samples[0].Id)))
        {
            read.Metadata["start_medium"].ShouldBe(Path.GetFileName(options.InitMedia!.Of(0, samples[0].Id, 0)));
        }

        File.Copy(Repository.Fixture("media", "images", "words.png"), Path.Combine(folder, "photo.jpg"), overwrite: true);
        SynthesisJob.Run(model, samples, options with { InitMedia = StartMedia.Read(folder, Modality.Image) }, into).Kept.ShouldBe(0);
    }

    [Fact]
    public void Media_come_from_a_folder_or_a_manifest_and_their_fingerprint_knows_no_paths()
    {
        File.WriteAllText(Path.Combine(folder, "notes.txt"), "photo.jpg\n\n{\"media\": \"wide.png\", \"id\": 3}\n");
        StartMedia all = StartMedia.Read(folder, Modality.Image), some = StartMedia.Read(Path.Combine(folder, "notes.txt"), Modality.Image);
        all.Files.Select(Path.GetFileName).ShouldBe(["photo.jpg", "scene.png", "tall.png", "wide.png"]);
        some.Files.Select(Path.GetFileName).ShouldBe(["photo.jpg", "wide.png"]);
        some.Fingerprint.ShouldNotBe(all.Fingerprint);
        string[] drawn = [.. Enumerable.Range(0, 40).Select(i => all.Of(1, $"s{i}", 0))];
        drawn.Distinct().Count().ShouldBe(4);
        Enumerable.Range(0, 40).Select(i => all.Of(1, $"s{i}", 0)).ShouldBe(drawn);
        Enumerable.Range(0, 40).Select(i => all.Of(2, $"s{i}", 0)).ShouldNotBe(drawn);

        string moved = Path.Combine(folder, "moved");
        Directory.CreateDirectory(moved);
        foreach (string file in all.Files)
        {
            File.Copy(file, Path.Combine(moved, Path.GetFileName(file)));
        }

        StartMedia.Read(moved, Modality.Image).Fingerprint.ShouldBe(all.Fingerprint);
    }

    [Fact]
    public void What_is_absent_or_of_another_modality_is_named()
    {
        Should.Throw<SeaException>(() => StartMedia.Read(Path.Combine(folder, "none"), Modality.Image)).Message.ShouldEndWith("none: no such file or folder.");
        string empty = Directory.CreateDirectory(Path.Combine(folder, "empty")).FullName;
        Should.Throw<SeaException>(() => StartMedia.Read(empty, Modality.Image)).Message.ShouldContain("expected from 1 to 100000 media to start from, found 0");
        string manifest = Path.Combine(folder, "list.txt");
        File.WriteAllText(manifest, "photo.jpg\nmissing.png\n");
        Should.Throw<SeaException>(() => StartMedia.Read(manifest, Modality.Image)).Message.ShouldContain("list.txt:2: the medium 'missing.png' does not exist");
        File.WriteAllText(manifest, "{\"picture\": 1}\n");
        Should.Throw<SeaException>(() => StartMedia.Read(manifest, Modality.Image)).Message.ShouldContain("list.txt:1: expected a text 'media'");
        File.WriteAllText(manifest, "{\n");
        Should.Throw<SeaException>(() => StartMedia.Read(manifest, Modality.Image)).Message.ShouldContain("list.txt:1: not JSON");
        SeaException other = Should.Throw<SeaException>(() => StartMedia.Read(folder, Modality.Video));
        other.Message.ShouldContain("photo.jpg: the medium to start from is image, expected video");
        File.Copy(Repository.Fixture("media", "video", "moving.mp4"), Path.Combine(empty, "clip.mp4"));
        Should.Throw<SeaException>(() => StartMedia.Read(empty, Modality.Image)).Message.ShouldContain("clip.mp4: the medium to start from is video, expected image");
        File.Delete(Path.Combine(empty, "clip.mp4"));
        File.Copy(Repository.Fixture("media", "malformed", "truncated.png"), Path.Combine(empty, "half.png"));
        long before = TensorStatistics.Live;
        Should.Throw<SeaException>(() => new Lane(model, new SynthesisOptions { Init = EmbeddingInit.Real, InitMedia = StartMedia.Read(empty, Modality.Image) })).Message.ShouldContain("half.png");
        TensorStatistics.Live.ShouldBe(before);
    }

    private static SynthesisSample[] Samples(int count) => [.. Enumerable.Range(0, count).Select(i => new SynthesisSample(
        $"sample-{i}", [new QuestionAnswer("What does it show?", $"It shows object number {i}."), new QuestionAnswer("In which style is it made?", "It is a photo.")], null, $"object number {i}"))];

    private List<SynthesisResult> Optimise(SynthesisOptions options, IReadOnlyList<SynthesisSample> samples, int slots)
    {
        using Lane lane = new(model, options);
        Queue<SynthesisSample> waiting = new(samples);
        List<SynthesisResult> results = [];
        lane.Run((free, _) => [.. Enumerable.Range(0, Math.Min(free, waiting.Count)).Select(_ => waiting.Dequeue())], slots, 1, results.Add);
        return results;
    }
}
