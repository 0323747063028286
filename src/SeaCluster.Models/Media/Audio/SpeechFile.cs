namespace SeaCluster.Models.Media.Audio;

/// <summary>Writes sound as MP3 files through ffmpeg, small enough for a page: 32 kbit/s, which speech stands.</summary>
public static class SpeechFile
{
    private const int MostBytes = 16 << 20;

    private static readonly BoundedProcess Process = new("ffmpeg", TimeSpan.FromSeconds(20), TimeProvider.System, "Install it: apt-get install ffmpeg");

    /// <summary>The clip in the form that every browser plays, about 4 kB a second.</summary>
    /// <param name="clip">At a rate that MP3 knows, such as 16 kHz.</param>
    /// <exception cref="SeaException">There is no ffmpeg with libmp3lame, or it failed.</exception>
    public static byte[] ToMp3(AudioClip clip)
    {
        // Without the Xing frame: its counts are written last, at a place that a pipe cannot go back to.
        ProcessResult result = Process.Run(
        [
            "-nostdin", "-v", "error", "-threads", "1", "-f", "wav", "-i", "pipe:0", "-threads", "1", "-c:a", "libmp3lame", "-b:a", "32k", "-map_metadata", "-1",
            "-fflags", "+bitexact", "-flags:a", "+bitexact", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3", "pipe:1",
        ],
        [clip.ToWav()], MostBytes);
        return result is { ExitCode: 0, TimedOut: false, More: false } && result.Output.Length > 0
            ? result.Output
            : throw new SeaException($"ffmpeg could not write {clip.Seconds:0.#} s of sound as MP3: {result.Errors.Trim()}");
    }
}
