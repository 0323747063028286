using System.Text;
using SeaCluster.Demo.Media;
using SeaCluster.Demo.World;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using TorchSharp;

namespace SeaCluster.Demo.Experiment;

/// <summary>One medium of the demo, on the disk and behind the encoder.</summary>
/// <param name="Phrase">What it shows or says.</param>
/// <param name="Path">Its file.</param>
/// <param name="EncoderOutput">Its encoder output.</param>
public sealed record DemoFile(WorldPhrase Phrase, string Path, EncoderOutput EncoderOutput);

/// <summary>The demo's real media: made, written as files, read back and encoded like anybody's. Owns the tensors.</summary>
public sealed class DemoMedia : IDisposable
{
    private const int TrainingPerHarmfulPhrase = 8;
    private const int ValidationPerHarmfulPhrase = 4;
    private const int StartsPerPhrase = 2;

    private DemoMedia(Modality modality, IReadOnlyList<DemoFile> train, IReadOnlyList<DemoFile> validation, IReadOnlyList<DemoFile> test)
    {
        Modality = modality;
        Train = train;
        Validation = validation;
        Test = test;
    }

    /// <summary>What they are.</summary>
    public Modality Modality { get; }

    /// <summary>Seen phrases in media like those of the base's training: real media for the alignment.</summary>
    public IReadOnlyList<DemoFile> Train { get; }

    /// <summary>All phrases in media like none that anything was trained on; operating points are chosen here.</summary>
    public IReadOnlyList<DemoFile> Validation { get; }

    /// <summary>All phrases in media like none of both; reported once.</summary>
    public IReadOnlyList<DemoFile> Test { get; }

    /// <summary>Makes and encodes.</summary>
    public static DemoMedia Make(IMultimodalModel model, IWorldMedia source, DemoWorld world, string folder, int perPhrase, int threads, Action<double> progress)
    {
        WorldPhrase[] seen = [.. world.Phrases.Where(phrase => phrase.Seen)];
        int part = 0;
        DemoFile[] Set(MediaPart of, IReadOnlyList<WorldPhrase> phrases, int perHarmful)
        {
            // A phrase's media begin alike in sets of any size, so the benign ones are simply fewer.
            WorldMedium[] all =
            [
                .. source.Render(of, phrases.Where(phrase => phrase.Harmful), perHarmful),
                .. source.Render(of, phrases.Where(phrase => !phrase.Harmful), perHarmful / 2),
            ];
            string[] paths = [.. all.Select(medium => medium.Write(Path.Combine(folder, of.ToString().ToLowerInvariant())))];
            progress((part + 0.5) / 3);
            EncoderOutput[] outputs = Encode(model, paths, threads);
            progress(++part / 3.0);
            return [.. all.Select((medium, i) => new DemoFile(medium.Phrase, paths[i], outputs[i]))];
        }

        return new DemoMedia(
            source.Modality,
            Set(MediaPart.Train, seen, TrainingPerHarmfulPhrase),
            // An operating point is chosen among a few: fewer media do.
            Set(MediaPart.Validation, world.Phrases, Math.Min(ValidationPerHarmfulPhrase, perPhrase)),
            Set(MediaPart.Test, world.Phrases, perPhrase));
    }

    /// <summary>Harmless media to start a synthesis from: a few of the training set's of each phrase, in a manifest.</summary>
    public StartMedia Starts(string manifest)
    {
        IEnumerable<string> files = Train.Where(file => !file.Phrase.Harmful).GroupBy(file => file.Phrase.Id).SelectMany(phrase => phrase.Take(StartsPerPhrase)).Select(file => Path.GetFullPath(file.Path));
        AtomicFile.WriteAllText(manifest, new StringBuilder().AppendJoin('\n', files).Append('\n').ToString());
        return StartMedia.Read(manifest, Modality);
    }

    // A file costs a decoder's start more than the encoder's arithmetic, so the files are shared out among the threads.
    private static EncoderOutput[] Encode(IMultimodalModel model, string[] paths, int threads)
    {
        EncoderOutput[] outputs = new EncoderOutput[paths.Length];
        int share = (paths.Length + threads - 1) / threads;
        ParallelWork.Run(Math.Min(threads, paths.Length), Math.Min(threads, paths.Length), part =>
        {
            using DisposeScope scope = torch.NewDisposeScope();
            string[] own = [.. paths.Skip(part * share).Take(share)];
            IReadOnlyList<EncoderOutput> done = model.Encode(own);
            for (int i = 0; i < own.Length; i++)
            {
                outputs[(part * share) + i] = done[i].DetachFromDisposeScope();
            }
        });
        return outputs;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DemoFile file in Train.Concat(Validation).Concat(Test))
        {
            file.EncoderOutput.Dispose();
        }
    }
}
