namespace SeaCluster.Models.Media;

/// <summary>What one medium may cost; a file beyond a limit is refused before it is decoded.</summary>
public sealed record MediaLimits
{
    /// <summary>Largest file that is read, in bytes.</summary>
    public long MaxBytes { get; init; } = 32L << 20;

    /// <summary>Largest picture that is decoded, in pixels (24 megapixels: what a camera of today takes).</summary>
    public long MaxPixels { get; init; } = 24_000_000;

    /// <summary>Most samples of sound that are decoded, all channels counted: half a minute of six channels at 96 kHz is less.</summary>
    public long MaxSamples { get; init; } = 24_000_000;

    /// <summary>Most bytes of the frames that are taken of one video, three a pixel.</summary>
    public long MaxVideoBytes { get; init; } = 512L << 20;

    /// <summary>Longest time that one decoder process may take: far more than any medium within the other limits needs, so that a busy machine refuses none.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);
}
