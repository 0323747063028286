using System.Globalization;

namespace SeaCluster.Models.Prompts;

/// <summary>Kinds of media.</summary>
public enum MediaKind
{
    Image,
    Video,
    Audio,
}

/// <summary>How the media tokens of one medium stand in a prompt: in one stretch, or in several with text before each.</summary>
/// <param name="Kind">The kind, or null for the family's first.</param>
/// <param name="Parts">Text and number of media tokens behind it.</param>
public sealed record MediaLayout(MediaKind? Kind, IReadOnlyList<(string Label, int Tokens)> Parts)
{
    /// <summary>No medium: the prompt is text alone.</summary>
    public static MediaLayout None { get; } = new(null, []);

    /// <summary>Media tokens in one stretch; none where <paramref name="tokens"/> is 0.</summary>
    /// <param name="tokens">How many.</param>
    /// <param name="kind">The kind, or null for the family's first: audio for Qwen2-Audio, images for the others.</param>
    public static MediaLayout Of(int tokens, MediaKind? kind = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        return tokens == 0 ? None : new MediaLayout(kind, [("", tokens)]);
    }

    /// <summary>The frames of a video, each with its time in seconds and the tokens it keeps, as VideoLLaMA3 writes them: <c>Time 1.0s:…,Time 2.0s:…</c>.</summary>
    public static MediaLayout Frames(IReadOnlyList<(double Seconds, int Tokens)> frames) => new(MediaKind.Video,
        [.. frames.Select((frame, index) => ($"{(index > 0 ? "," : "")}Time {frame.Seconds.ToString("F1", CultureInfo.InvariantCulture)}s:", frame.Tokens))]);
}
