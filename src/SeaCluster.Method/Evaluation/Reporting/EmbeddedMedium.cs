using System.Globalization;
using SeaCluster.Models;
using SeaCluster.Models.Media;
using SeaCluster.Models.Media.Audio;
using SeaCluster.Models.Media.Video;

namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>
/// A picture, a sound or the frames of a clip inside the report, as data URIs of bounded size. A small file that browsers show stands as it is; a
/// large one is read as the models read it and written again, smaller.
/// </summary>
internal static class EmbeddedMedium
{
    private const int LongestSide = 480, FrameSide = 320, MostFrames = 4;
    private const int SoundRate = 16_000;
    private const double MostSeconds = 30;

    /// <summary>The medium as markup; a note where it is absent, cannot be read or is of no kind that is shown.</summary>
    public static Html Of(string? path, string? text, int largest)
    {
        if (path is null)
        {
            return new Html().Add($"<p class=\"absent\">text only</p>");
        }

        try
        {
            return Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".png" => Picture(path, "png", text, largest),
                ".jpg" or ".jpeg" => Picture(path, "jpeg", text, largest),
                ".webp" => Picture(path, "webp", text, largest),
                ".wav" => Sound(path, "wav", text, largest),
                ".mp3" => Sound(path, "mpeg", text, largest),
                ".flac" => Sound(path, "flac", text, largest),
                ".ogg" or ".oga" or ".opus" => Sound(path, "ogg", text, largest),
                ".mp4" or ".m4v" or ".mov" or ".mkv" or ".webm" => Frames(path, text),
                _ => Note(path, "is of no kind that a report shows"),
            };
        }
        catch (Exception e) when (e is SeaException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Note(path, "could not be read");
        }
    }

    private static Html Picture(string path, string type, string? text, int largest)
    {
        string uri = Small(path, largest) is { } file
            ? Uri($"image/{type}", file)
            : Uri("image/jpeg", JpegFile.Write([MediaReader.Default.ReadImage(path)], LongestSide)[0]);
        return new Html().Add($"<img src=\"{uri}\" alt=\"{Shows(text)}\">");
    }

    private static Html Sound(string path, string type, string? text, int largest)
    {
        AudioClip clip = MediaReader.Default.ReadAudio(path, SoundRate, MostSeconds);
        bool cut = clip.Seconds >= MostSeconds;
        byte[]? file = Small(path, largest);
        string uri = file is null ? Uri("audio/mpeg", SpeechFile.ToMp3(clip)) : Uri($"audio/{type}", file);
        string length = !cut ? Seconds(clip.Seconds) : $"{(file is null ? "the first" : "more than")} {Seconds(MostSeconds)}";
        return new Html().Add($"""
            {Waveform(clip, text)}<audio controls preload="metadata" src="{uri}" aria-label="{Says(text)}"></audio>
            <p class="length">{(text is null ? "" : $"“{text}”, ")}{length}</p>
            """);
    }

    // What is heard, for paper and for the eye: the largest amplitude of each stretch.
    private static Html Waveform(AudioClip clip, string? text)
    {
        const int stretches = 80;
        const double height = 40;
        float peak = Math.Max(0.05f, clip.Samples.Max(Math.Abs));
        IEnumerable<string> strokes = clip.Samples.Chunk(Math.Max(1, (clip.Samples.Length + stretches - 1) / stretches)).Select((samples, i) =>
        {
            double half = Math.Max(0.4, height / 2 * samples.Max(Math.Abs) / peak);
            return string.Create(CultureInfo.InvariantCulture, $"M{2 * i + 1} {(height / 2) - half:0.#}V{(height / 2) + half:0.#}");
        });
        return new Html().Add($"<svg class=\"wave\" viewBox=\"0 0 {2 * stretches} {height}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{Says(text)}\"><path d=\"{string.Concat(strokes)}\"/></svg>\n");
    }

    private static Html Frames(string path, string? text)
    {
        VideoClip clip = MediaReader.Default.ReadVideo(path, Spread);
        IReadOnlyList<byte[]> files = JpegFile.Write(clip.Frames, FrameSide);
        string all = Seconds(clip.Facts.Frames / clip.Facts.FramesPerSecond);
        return Html.Of(html =>
        {
            html.Add($"<div class=\"frames\">\n");
            for (int i = 0; i < files.Count; i++)
            {
                html.Add($"<figure><img src=\"{Uri("image/jpeg", files[i])}\" alt=\"{Shows(text)}, frame {clip.Indices[i] + 1} of {clip.Facts.Frames}\"><figcaption>{Seconds(clip.Seconds[i])}</figcaption></figure>\n");
            }

            html.Add($"</div>\n<p class=\"length\">{(files.Count < clip.Facts.Frames ? $"{files.Count} of " : "")}{clip.Facts.Frames} frames, {all}</p>");
        });
    }

    private static IReadOnlyList<int> Spread(VideoFacts video)
    {
        int count = Math.Min(MostFrames, video.Frames);
        return [.. Enumerable.Range(0, count).Select(i => count == 1 ? 0 : (int)((long)i * (video.Frames - 1) / (count - 1)))];
    }

    /// <summary>The file's bytes, where it is small enough to stand in the report as it is.</summary>
    private static byte[]? Small(string path, int largest) => new FileInfo(path).Length <= largest ? File.ReadAllBytes(path) : null;

    private static string Uri(string type, byte[] file) => $"data:{type};base64,{Convert.ToBase64String(file)}";

    private static string Shows(string? text) => text is null ? "The medium of this case" : $"It shows: {text}";

    private static string Says(string? text) => text is null ? "The sound of this case" : $"It says: {text}";

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s");

    private static Html Note(string path, string why) => new Html().Add($"<p class=\"absent\">{Path.GetFileName(path)} {why}</p>");
}
