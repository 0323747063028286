using System.Buffers.Binary;

namespace SeaCluster.Models.Media;

/// <summary>Walks the markers of a JPEG file (ITU-T T.81, annex B) to its end-of-image marker.</summary>
internal static class JpegHeader
{
    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;
    private const byte Application1 = 0xE1;

    internal static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        (int Width, int Height)? size = null;
        int orientation = 1;
        bool scanned = false;
        for (long at = 2; ;)
        {
            byte marker = NextMarker(file, ref at);
            if (marker == EndOfImage)
            {
                return size is { } found && scanned
                    ? new ImageHeader("jpeg", found.Width, found.Height, orientation, (int)at)
                    : throw new MalformedMediaException("it ends without any picture data");
            }

            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                continue;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(ImageHeader.Slice(file, at, 2, "next JPEG segment"));
            ReadOnlySpan<byte> body = ImageHeader.Slice(file, at, Math.Max(length, 2), "next JPEG segment")[2..];
            at += Math.Max(length, 2);
            if (IsStartOfFrame(marker) && body.Length >= 5)
            {
                size ??= (BinaryPrimitives.ReadUInt16BigEndian(body[3..]), BinaryPrimitives.ReadUInt16BigEndian(body[1..]));
            }
            else if (marker == Application1 && body.StartsWith("Exif\0\0"u8))
            {
                orientation = Exif.Orientation(body[6..]);
            }

            scanned |= marker == StartOfScan;
        }
    }

    /// <summary>
    /// The next marker's code, stepping over coded picture data, where 0xFF is followed by zero (a stuffed byte) or a restart marker.
    /// </summary>
    private static byte NextMarker(ReadOnlySpan<byte> file, ref long at)
    {
        while (at < file.Length)
        {
            int step = file[(int)at..].IndexOf((byte)0xFF);
            if (step < 0 || at + step + 1 >= file.Length)
            {
                break;
            }

            at += step + 1;
            byte code = file[(int)at];
            if (code is not (0x00 or 0xFF or (>= 0xD0 and <= 0xD7)))
            {
                at++;
                return code;
            }
        }

        throw new MalformedMediaException($"it is truncated: no end-of-image marker in its {file.Length} bytes");
    }

    private static bool IsStartOfFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
}
