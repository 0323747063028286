using System.Buffers.Binary;

namespace SeaCluster.Models.Media;

/// <summary>Walks the RIFF chunks of a WebP file (WebP container specification).</summary>
internal static class WebpHeader
{
    private const byte AnimationFlag = 0x02;

    internal static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        long end = 8L + BinaryPrimitives.ReadUInt32LittleEndian(file[4..]);
        ImageHeader.Slice(file, 0, end, "RIFF container");
        (int Width, int Height)? size = null;
        bool hasPicture = false;
        int orientation = 1;
        for (long at = 12; at < end;)
        {
            ReadOnlySpan<byte> head = ImageHeader.Slice(file, at, 8, "next WebP chunk");
            long length = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            ReadOnlySpan<byte> body = ImageHeader.Slice(file, at + 8, length, "next WebP chunk");
            at += 8 + length + (length & 1);
            if (head.StartsWith("VP8X"u8) && body.Length >= 10)
            {
                if ((body[0] & AnimationFlag) != 0)
                {
                    throw new MalformedMediaException("it is an animation; save one frame of it as a picture");
                }

                size = (1 + (body[4] | (body[5] << 8) | (body[6] << 16)), 1 + (body[7] | (body[8] << 8) | (body[9] << 16)));
            }
            else if (head.StartsWith("VP8 "u8) && body.Length >= 10)
            {
                hasPicture = true;
                size ??= (BinaryPrimitives.ReadUInt16LittleEndian(body[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(body[8..]) & 0x3FFF);
            }
            else if (head.StartsWith("VP8L"u8) && body.Length >= 5)
            {
                uint bits = BinaryPrimitives.ReadUInt32LittleEndian(body[1..]);
                hasPicture = true;
                size ??= ((int)(bits & 0x3FFF) + 1, (int)((bits >> 14) & 0x3FFF) + 1);
            }
            else if (head.StartsWith("EXIF"u8))
            {
                orientation = Exif.Orientation(body.StartsWith("Exif\0\0"u8) ? body[6..] : body);
            }
        }

        return size is { } found && hasPicture
            ? new ImageHeader("webp", found.Width, found.Height, orientation, (int)end)
            : throw new MalformedMediaException("it ends without any picture data");
    }
}
