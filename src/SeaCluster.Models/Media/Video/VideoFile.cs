using System.Globalization;

namespace SeaCluster.Models.Media.Video;

/// <summary>Writes videos through ffmpeg; the same frames and the same ffmpeg give the same bytes.</summary>
public static class VideoFile
{
    private static readonly BoundedProcess Process = new("ffmpeg", TimeSpan.FromMinutes(1), TimeProvider.System, "Install it: apt-get install ffmpeg");

    /// <summary>An MP4 file with H.264 in the form that every browser plays, nearly without loss.</summary>
    /// <param name="frames">At least one, all of one size, both sides even.</param>
    /// <param name="framesPerSecond">Frames a second.</param>
    /// <exception cref="SeaException">There is no ffmpeg with libx264, or it failed.</exception>
    public static byte[] ToMp4(IReadOnlyList<ImageFrame> frames, int framesPerSecond) => ToMp4([frames], framesPerSecond)[0];

    /// <summary>The same for several clips of one size, each its own file with the bytes that it has alone; one start of ffmpeg, which costs more than a short clip.</summary>
    /// <param name="clips">At least one; each as in <see cref="ToMp4(IReadOnlyList{ImageFrame}, int)"/>.</param>
    /// <param name="framesPerSecond">Frames a second.</param>
    /// <exception cref="SeaException">There is no ffmpeg with libx264, or it failed.</exception>
    public static IReadOnlyList<byte[]> ToMp4(IReadOnlyList<IReadOnlyList<ImageFrame>> clips, int framesPerSecond)
    {
        // The container's index is written last, at a place that a pipe cannot go back to.
        DirectoryInfo folder = Directory.CreateTempSubdirectory("seacluster-");
        try
        {
            string[] paths = [.. clips.Select((_, i) => Path.Combine(folder.FullName, string.Create(CultureInfo.InvariantCulture, $"{i}.mp4")))];
            Run(clips, framesPerSecond, paths);
            return [.. paths.Select(File.ReadAllBytes)];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Run(IReadOnlyList<IReadOnlyList<ImageFrame>> clips, int framesPerSecond, string[] paths)
    {
        string rate = framesPerSecond.ToString(CultureInfo.InvariantCulture), size = string.Create(CultureInfo.InvariantCulture, $"{clips[0][0].Width}x{clips[0][0].Height}");
        List<string> arguments = ["-nostdin", "-v", "error", "-threads", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", rate, "-i", "pipe:0"];
        int first = 0;
        foreach ((IReadOnlyList<ImageFrame> frames, string path) in clips.Zip(paths))
        {
            arguments.AddRange(
            [
                "-vf", string.Create(CultureInfo.InvariantCulture, $"trim=start_frame={first}:end_frame={first += frames.Count},setpts=PTS-STARTPTS"),
                "-threads", "1", "-c:v", "libx264", "-preset", "veryfast", "-crf", "8", "-pix_fmt", "yuv420p", "-map_metadata", "-1",
                "-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart", "-f", "mp4", path,
            ]);
        }

        ProcessResult result = Process.Run(arguments, [.. clips.SelectMany(frames => frames).Select(frame => new ReadOnlyMemory<byte>(frame.Rgb))], most: 4096);
        if (result.ExitCode != 0 || result.TimedOut)
        {
            throw new SeaException($"ffmpeg could not write a video of {size}: {result.Errors.Trim()}");
        }
    }
}
