using System.Buffers.Binary;

namespace SeaCluster.Models.Media;

/// <summary>Walks the chunks of a PNG file (W3C PNG specification, sections 5 and 11).</summary>
internal static class PngHeader
{
    // Deflate cannot shrink its input further than this.
    private const long LargestInflation = 1032;

    internal static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        if (!ImageHeader.Slice(file, 8, 25, "header").Slice(4, 4).SequenceEqual("IHDR"u8))
        {
            throw new MalformedMediaException("its first PNG chunk is not IHDR");
        }

        uint width = BinaryPrimitives.ReadUInt32BigEndian(file[16..]);
        uint height = BinaryPrimitives.ReadUInt32BigEndian(file[20..]);
        if (width > int.MaxValue || height > int.MaxValue)
        {
            throw new MalformedMediaException($"its header claims {width} x {height} pixels");
        }

        int channels = file[25] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        long rowBytes = 1 + ((((long)width * channels * file[24]) + 7) / 8);
        long imageBytes = 0;
        int orientation = 1;
        for (long at = 8; ;)
        {
            ReadOnlySpan<byte> lengthAndType = ImageHeader.Slice(file, at, 8, "next PNG chunk");
            long length = BinaryPrimitives.ReadUInt32BigEndian(lengthAndType);
            ReadOnlySpan<byte> type = lengthAndType[4..];
            ReadOnlySpan<byte> body = ImageHeader.Slice(file, at + 8, length + 4, $"PNG chunk {Printable(type)}")[..^4];
            at += length + 12;
            if (type.SequenceEqual("IDAT"u8))
            {
                imageBytes += length;
            }
            else if (type.SequenceEqual("eXIf"u8))
            {
                orientation = Exif.Orientation(body);
            }
            else if (type.SequenceEqual("IEND"u8))
            {
                return height <= ((imageBytes + 1) * LargestInflation) / rowBytes
                    ? new ImageHeader("png", (int)width, (int)height, orientation, (int)at)
                    : throw new MalformedMediaException(
                        $"its header claims {width} x {height} pixels, more than its {imageBytes} bytes of data can hold");
            }
        }
    }

    private static string Printable(ReadOnlySpan<byte> type)
    {
        foreach (byte letter in type)
        {
            if (!char.IsAsciiLetter((char)letter))
            {
                return $"0x{Convert.ToHexString(type)}";
            }
        }

        return System.Text.Encoding.ASCII.GetString(type);
    }
}
