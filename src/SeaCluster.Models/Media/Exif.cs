using System.Buffers.Binary;

namespace SeaCluster.Models.Media;

/// <summary>The one EXIF field that changes how a picture is shown.</summary>
internal static class Exif
{
    private const ushort OrientationTag = 0x0112;

    /// <summary>The orientation, 1 to 8, of a TIFF block; 1 where it has none or is damaged, as viewers do.</summary>
    internal static int Orientation(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8 || !(tiff.StartsWith("II"u8) || tiff.StartsWith("MM"u8)))
        {
            return 1;
        }

        bool little = tiff[0] == (byte)'I';
        uint directory = little ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory + 2L > tiff.Length)
        {
            return 1;
        }

        int entries = ReadUInt16(tiff, (int)directory, little);
        for (long at = directory + 2L; entries-- > 0 && at + 12 <= tiff.Length; at += 12)
        {
            if (ReadUInt16(tiff, (int)at, little) == OrientationTag)
            {
                int value = ReadUInt16(tiff, (int)at + 8, little);
                return value is >= 1 and <= 8 ? value : 1;
            }
        }

        return 1;
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> bytes, int at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]) : BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
}
