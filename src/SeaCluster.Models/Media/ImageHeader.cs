namespace SeaCluster.Models.Media;

/// <summary>What a picture file says of itself, read without decoding a pixel.</summary>
/// <param name="Format">"png", "jpeg" or "webp".</param>
/// <param name="Width">Stored width in pixels, before any turn.</param>
/// <param name="Height">Stored height in pixels, before any turn.</param>
/// <param name="Orientation">EXIF orientation, 1 (as stored) to 8.</param>
/// <param name="Length">Bytes up to the picture's own end; what follows is not part of it.</param>
internal readonly record struct ImageHeader(string Format, int Width, int Height, int Orientation, int Length)
{
    /// <summary>Checks the file's structure to its end, so that a truncated file never reaches a decoder.</summary>
    /// <exception cref="MalformedMediaException">The bytes are not a whole PNG, JPEG or WebP picture.</exception>
    public static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        if (file.IsEmpty)
        {
            throw new MalformedMediaException("it is empty");
        }

        ImageHeader header = file switch
        {
            [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => PngHeader.Read(file),
            [0xFF, 0xD8, 0xFF, ..] => JpegHeader.Read(file),
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => WebpHeader.Read(file),
            _ => throw new MalformedMediaException(
                $"it is no PNG, JPEG or WebP picture (its first bytes are {Convert.ToHexString(file[..Math.Min(8, file.Length)])})"),
        };
        return header.Width > 0 && header.Height > 0
            ? header
            : throw new MalformedMediaException($"its header claims {header.Width} x {header.Height} pixels");
    }

    /// <summary>The <paramref name="length"/> bytes at <paramref name="offset"/>.</summary>
    /// <exception cref="MalformedMediaException">The file ends before them.</exception>
    internal static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> file, long offset, long length, string what) =>
        offset + length <= file.Length
            ? file.Slice((int)offset, (int)length)
            : throw new MalformedMediaException($"it is truncated: its {what} ends at byte {offset + length}, the file at {file.Length}");
}
