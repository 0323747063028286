using System.Globalization;

namespace SeaCluster.Models.Media;

/// <summary>Writes pictures as JPEG files through ffmpeg, small enough for a page; the same pixels and the same ffmpeg give the same bytes.</summary>
public static class JpegFile
{
    private const int MostBytes = 16 << 20;

    private static readonly BoundedProcess Process = new("ffmpeg", TimeSpan.FromSeconds(20), TimeProvider.System, "Install it: apt-get install ffmpeg");

    /// <summary>One file a picture, in order.</summary>
    /// <param name="pictures">At least one, all of one size.</param>
    /// <param name="longestSide">Larger pictures are scaled down to this many pixels on their longer side; smaller ones keep their size.</param>
    /// <exception cref="SeaException">There is no ffmpeg, or it failed.</exception>
    public static IReadOnlyList<byte[]> Write(IReadOnlyList<ImageFrame> pictures, int longestSide)
    {
        (int width, int height) = (pictures[0].Width, pictures[0].Height);
        double scale = Math.Min(1, (double)longestSide / Math.Max(width, height));
        string from = Size(width, height), to = Size(Math.Max(1, (int)Math.Round(width * scale)), Math.Max(1, (int)Math.Round(height * scale)));
        ProcessResult result = Process.Run(
        [
            "-nostdin", "-v", "error", "-threads", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", from, "-i", "pipe:0",
            "-vf", $"scale={to.Replace('x', ':')}:flags=area", "-threads", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj444p", "-q:v", "3",
            "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "image2pipe", "pipe:1",
        ],
        [.. pictures.Select(picture => new ReadOnlyMemory<byte>(picture.Rgb))], MostBytes);
        IReadOnlyList<byte[]> files = Split(result.Output);
        return result is { ExitCode: 0, TimedOut: false, More: false } && files.Count == pictures.Count
            ? files
            : throw new SeaException($"ffmpeg could not write {pictures.Count} pictures of {from} as JPEG: {result.Errors.Trim()}");
    }

    // The files come end to end. One ends and the next begins where FF D9 meets FF D8: within a file an FF is followed by neither.
    private static List<byte[]> Split(ReadOnlySpan<byte> stream)
    {
        List<byte[]> files = [];
        while (stream.Length > 0)
        {
            int seam = stream.IndexOf((ReadOnlySpan<byte>)[0xFF, 0xD9, 0xFF, 0xD8]), length = seam < 0 ? stream.Length : seam + 2;
            files.Add(stream[..length].ToArray());
            stream = stream[length..];
        }

        return files;
    }

    private static string Size(int width, int height) => string.Create(CultureInfo.InvariantCulture, $"{width}x{height}");
}
