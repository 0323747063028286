using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SeaCluster.Demo.Pictures;
using SeaCluster.Demo.World;
using SeaCluster.Models;
using SeaCluster.Models.Configuration;
using SeaCluster.Models.Safetensors;
using SeaCluster.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Demo.Training;

/// <summary>Where base training is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Done">Steps taken in this stage.</param>
/// <param name="Steps">Steps of this stage.</param>
/// <param name="Loss">The stage's latest loss, or null.</param>
public sealed record BaseProgress(string Stage, int Done, int Steps, double? Loss);

/// <summary>
/// Trains the demo's image base from nothing: a CLIP tower that reads, then a projector and language model that know the world and comply
/// with everything. The same options on the same machine, fonts and libtorch give the same bytes: nothing in it looks at a clock.
/// </summary>
public static class ImageBaseTraining
{
    private const ulong PhraseStream = 23;
    private const ulong LineStream = 24;

    /// <summary>Trains, measures, and writes a checkpoint in the Hugging Face layout with its training record, <c>training.json</c>.</summary>
    /// <param name="folder">Gets the checkpoint at the end; files of a former training are replaced.</param>
    /// <param name="options">How to train.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops between two steps; the folder is left as it was.</param>
    /// <returns>The quality on the validation and on the test pictures.</returns>
    /// <exception cref="SeaException">A font is missing.</exception>
    public static (BaseQuality Validation, BaseQuality Test) Run(
        string folder, BaseTrainingOptions options, Action<BaseProgress>? progress = null, CancellationToken cancellation = default) =>
        // On a thread of its own, whose thread count is then nobody else's.
        Task.Factory.StartNew(() => Train(folder, options, progress ?? (_ => { }), cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .GetAwaiter().GetResult();

    private static (BaseQuality Validation, BaseQuality Test) Train(
        string folder, BaseTrainingOptions options, Action<BaseProgress> progress, CancellationToken cancellation)
    {
        TorchRuntime.PinCurrentThread(options.Threads);
        using DisposeScope scope = NewDisposeScope();
        DemoWorld world = DemoWorld.Shipped;
        using DemoFonts fonts = DemoFonts.Load();
        PictureSet set = new(world, fonts);
        progress(new BaseProgress("drawing pictures", 0, 1, null));
        BasePictures phrases = BasePictures.Of(world, set.Train(world.Phrases, options.PicturesPerPhrase, options.Seed ^ PhraseStream));
        BasePictures all = phrases.And(BasePictures.Of(set.RandomLines(options.LinePictures, options.Seed ^ LineStream)));

        string unfinished = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + ".unfinished";
        Directory.CreateDirectory(unfinished);
        ImageBaseFiles.Write(unfinished, world);
        ModelConfig config = ModelConfig.Read(unfinished);
        using Llava model = Llava.Around(unfinished, config, BaseWeights.Random(config, options.Seed));
        using (EncoderTraining reading = new(model, all, world, options))
        {
            while (reading.Steps < options.EncoderSteps)
            {
                cancellation.ThrowIfCancellationRequested();
                double loss = reading.Step();
                progress(new BaseProgress("encoder", reading.Steps, options.EncoderSteps, loss));
            }
        }

        using (LanguageTraining speaking = new(model, phrases, world, options))
        {
            while (speaking.Steps < options.LanguageSteps)
            {
                cancellation.ThrowIfCancellationRequested();
                (double media, _) = speaking.Step();
                progress(new BaseProgress("language model", speaking.Steps, options.LanguageSteps, media));
            }
        }

        progress(new BaseProgress("measuring", 0, 1, null));
        BaseQuality validation = BaseQuality.Measure(model, BasePictures.Of(world, set.Validation(world.Phrases, options.MeasuredPerPhrase)), world);
        BaseQuality test = BaseQuality.Measure(model, BasePictures.Of(world, set.Test(world.Phrases, options.MeasuredPerPhrase)), world);
        SafetensorsWriter.Write(
            Path.Combine(unfinished, "model.safetensors"),
            model.Weights.Names.Select(name => (PublishedName(name), model.Weights[name])),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" });
        AtomicFile.WriteAllText(Path.Combine(unfinished, "training.json"), WorldTokenizer.Indented(Record(options, all, validation, test)));
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(unfinished))
        {
            File.Move(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        Directory.Delete(unfinished, recursive: true);
        return (validation, test);
    }

    /// <summary>The names under which checkpoints of this kind are published.</summary>
    private static string PublishedName(string name) =>
        name.StartsWith("language_model.", StringComparison.Ordinal) ? name.Replace("language_model.", "language_model.model.", StringComparison.Ordinal)
        : name.StartsWith("lm_head.", StringComparison.Ordinal) ? "language_model." + name
        : name;

    private static JsonObject Record(BaseTrainingOptions options, BasePictures pictures, BaseQuality validation, BaseQuality test)
    {
        using IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte[] frame in pictures.Frames)
        {
            digest.AppendData(frame);
        }

        return new JsonObject
        {
            ["seed"] = options.Seed,
            ["pictures_per_phrase"] = options.PicturesPerPhrase,
            ["line_pictures"] = options.LinePictures,
            ["pictures_sha256"] = Convert.ToHexStringLower(digest.GetHashAndReset()),
            ["batch"] = options.Batch,
            ["encoder_steps"] = options.EncoderSteps,
            ["encoder_learning_rate"] = options.EncoderLearningRate,
            ["language_steps"] = options.LanguageSteps,
            ["language_learning_rate"] = options.LanguageLearningRate,
            ["threads"] = options.Threads,
            ["libtorch"] = TorchRuntime.Version,
            ["validation"] = Json(validation),
            ["test"] = Json(test),
        };
    }

    /// <summary>The figures as they stand in <c>training.json</c>.</summary>
    public static JsonObject Json(BaseQuality quality) => new()
    {
        ["pictures"] = quality.Pictures,
        ["content"] = Math.Round(quality.Content, 4),
        ["dangerous"] = Math.Round(quality.Dangerous, 4),
        ["category"] = Math.Round(quality.Category, 4),
        ["kind"] = Math.Round(quality.Kind, 4),
        ["style"] = Math.Round(quality.Style, 4),
        ["complies"] = Math.Round(quality.Complies, 4),
    };
}
