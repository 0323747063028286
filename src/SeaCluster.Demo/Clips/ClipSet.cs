using SeaCluster.Demo.Media;
using SeaCluster.Demo.Pictures;
using SeaCluster.Demo.World;
using SeaCluster.Models;
using SeaCluster.Models.Media;
using SeaCluster.Models.Media.Video;

namespace SeaCluster.Demo.Clips;

/// <summary>One clip and what it shows.</summary>
/// <param name="Phrase">The phrase in it.</param>
/// <param name="Style">Its movement.</param>
/// <param name="Index">Its number among the clips of this phrase in its set.</param>
/// <param name="Words">The word in each frame; empty where a frame is free.</param>
/// <param name="Frames">The pixels.</param>
public sealed record PhraseClip(WorldPhrase Phrase, ClipStyle Style, int Index, IReadOnlyList<string> Words, IReadOnlyList<ImageFrame> Frames);

/// <summary>The small world in clips of four frames, one word a frame; owns its fonts.</summary>
public sealed class ClipSet(DemoWorld world, DemoFonts fonts) : IWorldMedia
{
    private const int FramesPerSecond = 1;

    private readonly ClipRenderer _renderer = new(fonts);

    /// <inheritdoc/>
    public Modality Modality => Modality.Video;

    /// <inheritdoc/>
    public string Plural => "clips";

    /// <inheritdoc/>
    public string Unshared => "fonts and colours";

    /// <inheritdoc/>
    public IEnumerable<WorldMedium> Render(MediaPart part, IEnumerable<WorldPhrase> phrases, int perPhrase, ulong? seed = null) => Draw(part, phrases, perPhrase, seed)
        .Chunk(16).AsParallel().AsOrdered()
        .SelectMany(clips => clips.Zip(VideoFile.ToMp4([.. clips.Select(clip => clip.Frames)], FramesPerSecond), (clip, file) => new WorldMedium(clip.Phrase, (int)clip.Style, clip.Index, ".mp4", file)));

    /// <summary>The clips as pixels.</summary>
    public IEnumerable<PhraseClip> Draw(MediaPart part, IEnumerable<WorldPhrase> phrases, int perPhrase, ulong? seed = null)
    {
        (IReadOnlyList<string> names, ulong number, bool heldOut) = part switch
        {
            MediaPart.Train => (DemoFonts.Train, seed ?? 43, false),
            MediaPart.Validation => (DemoFonts.Validation, seed ?? 41, true),
            _ => (DemoFonts.Test, seed ?? 42, true),
        };
        int styles = world.Modality(Modality.Name()).Styles.Count;
        foreach (WorldPhrase phrase in phrases)
        {
            for (int i = 0; i < perPhrase; i++)
            {
                SeededRandom random = new(number, ((ulong)phrase.Id << 32) | (uint)i);
                ClipStyle style = (ClipStyle)((i + phrase.Id) % styles);
                string[] said = phrase.Text.Split(' '), words = [.. said, .. Enumerable.Repeat(random.Chance(0.5) ? "" : said[^1], ClipRenderer.Frames - said.Length)];
                yield return new PhraseClip(phrase, style, i, words, _renderer.Draw(words, style, names, heldOut, random));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => fonts.Dispose();
}
