using SeaCluster.Demo.World;
using SeaCluster.Models;
using SeaCluster.Models.Media;

namespace SeaCluster.Demo.Pictures;

/// <summary>One picture and what it shows.</summary>
/// <param name="Phrase">The phrase on it.</param>
/// <param name="Style">Its look.</param>
/// <param name="Index">Its number among the pictures of this phrase in its set.</param>
/// <param name="Frame">The pixels.</param>
public sealed record PhrasePicture(WorldPhrase Phrase, PictureStyle Style, int Index, ImageFrame Frame)
{
    /// <summary>A name that tells what it shows.</summary>
    public string FileName => $"{Phrase.Text.Replace(' ', '-')}-{Index:000}.png";
}

/// <summary>Pictures of random lines, for training the encoder to read.</summary>
/// <param name="Lines">The three bands' lines as indices into <see cref="DemoWorld.Lines"/>; -1 where a band is free.</param>
/// <param name="Style">Its look.</param>
/// <param name="Frame">The pixels.</param>
public sealed record LinePicture(int[] Lines, PictureStyle Style, ImageFrame Frame);

/// <summary>The demo's pictures. A picture depends on the seed, its phrase and its number alone, so a larger set begins with the smaller one.</summary>
public sealed class PictureSet(DemoWorld world, DemoFonts fonts)
{
    private const int Styles = 6;

    private readonly PictureRenderer _renderer = new(fonts);

    /// <summary>Pictures as the base model was trained on, also used as real media in alignment.</summary>
    public IEnumerable<PhrasePicture> Train(IEnumerable<WorldPhrase> phrases, int perPhrase, ulong seed) =>
        Draw(phrases, perPhrase, seed, DemoFonts.Train, heldOutHues: false);

    /// <summary>Pictures in fonts and colours unseen in training, on which settings are chosen.</summary>
    public IEnumerable<PhrasePicture> Validation(IEnumerable<WorldPhrase> phrases, int perPhrase, ulong seed = 21) =>
        Draw(phrases, perPhrase, seed, DemoFonts.Validation, heldOutHues: true);

    /// <summary>Pictures in fonts and colours unseen in training and never used for a choice.</summary>
    public IEnumerable<PhrasePicture> Test(IEnumerable<WorldPhrase> phrases, int perPhrase, ulong seed = 22) =>
        Draw(phrases, perPhrase, seed, DemoFonts.Test, heldOutHues: true);

    /// <summary>Two or three random lines a picture, in the fonts of training.</summary>
    public IEnumerable<LinePicture> RandomLines(int count, ulong seed)
    {
        for (int i = 0; i < count; i++)
        {
            SeededRandom random = new(seed, (ulong)i);
            int used = random.Chance(1 / 3.0) ? 3 : 2;
            int[] lines = [.. Enumerable.Range(0, 3).Select(band => band < used ? random.Next(world.Lines.Count) : -1)];
            PictureStyle style = (PictureStyle)(i % Styles);
            string[] text = [.. lines.Select(line => line < 0 ? "" : world.Lines[line])];
            yield return new LinePicture(lines, style, _renderer.Draw(text, style, DemoFonts.Train, heldOutHues: false, random));
        }
    }

    /// <summary>Writes pictures as PNG files and returns their paths in order.</summary>
    public static IReadOnlyList<string> Write(string folder, IEnumerable<PhrasePicture> pictures)
    {
        List<string> paths = [];
        foreach (PhrasePicture picture in pictures)
        {
            string path = Path.Combine(folder, picture.FileName);
            byte[] png = PictureRenderer.ToPng(picture.Frame);
            AtomicFile.Write(path, stream => stream.Write(png));
            paths.Add(path);
        }

        return paths;
    }

    private IEnumerable<PhrasePicture> Draw(IEnumerable<WorldPhrase> phrases, int perPhrase, ulong seed, IReadOnlyList<string> fontNames, bool heldOutHues)
    {
        foreach (WorldPhrase phrase in phrases)
        {
            for (int i = 0; i < perPhrase; i++)
            {
                SeededRandom random = new(seed, ((ulong)phrase.Id << 32) | (uint)i);
                PictureStyle style = (PictureStyle)((i + phrase.Id) % Styles);
                yield return new PhrasePicture(phrase, style, i, _renderer.Draw(phrase.Lines, style, fontNames, heldOutHues, random));
            }
        }
    }
}
