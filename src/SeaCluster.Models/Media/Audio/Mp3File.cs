using System.Buffers.Binary;

namespace SeaCluster.Models.Media.Audio;

/// <summary>
/// Walks the frames of an MP3 file (ISO 11172-3 and 13818-3, layer III, and the half rates known as MPEG 2.5). A file that ends where a frame does
/// looks whole; that it was cut tells only the frame count of an encoder's Xing or Info header, where there is one.
/// </summary>
internal static class Mp3File
{
    private static readonly int[] KilobitsOfMpeg1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    private static readonly int[] KilobitsOfMpeg2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    private static readonly int[] RatesOfMpeg1 = [44100, 48000, 32000];

    internal static AudioStream Read(ReadOnlyMemory<byte> memory)
    {
        ReadOnlySpan<byte> file = memory.Span;
        long start = PastTags(file), at = start;
        (int Rate, int Channels, int Length)? first = null;
        long frames = 0, promised = 0;
        while (at < file.Length && !IsTrailer(file[(int)at..]))
        {
            (int rate, int channels, int length) = Frame(ImageHeader.Slice(file, at, 4, "next MP3 frame"))
                ?? throw new MalformedMediaException(first is null ? "it has no MP3 frame where its sound should begin" : $"what follows its MP3 frames at byte {at} is no frame");
            if (first is null)
            {
                first = (rate, channels, length);
                promised = PromisedFrames(ImageHeader.Slice(file, at, length, "next MP3 frame"), channels);
            }

            if (rate != first.Value.Rate)
            {
                throw new MalformedMediaException($"its rate changes from {first.Value.Rate} to {rate} Hz at byte {at}");
            }

            ImageHeader.Slice(file, at, length, "next MP3 frame");
            at += length;
            frames++;
        }

        // Encoders differ in whether the count has the frame that it stands in.
        if (frames < promised)
        {
            throw new MalformedMediaException($"it is truncated: its header promises {promised} MP3 frames, {frames} are there");
        }

        return first is { } found
            ? new AudioStream("mp3", found.Rate, found.Channels, null, [memory[(int)start..(int)at]])
            : throw new MalformedMediaException("it ends without any MP3 frame");
    }

    /// <summary>The number of frames that a Xing or Info header in the first frame gives; 0 where there is none.</summary>
    private static long PromisedFrames(ReadOnlySpan<byte> frame, int channels)
    {
        // It stands where the sound's own data would begin; some encoders leave room for a checksum in front of it, some do not.
        bool full = ((frame[1] >> 3) & 3) == 3;
        int side = 4 + (full ? (channels == 1 ? 17 : 32) : (channels == 1 ? 9 : 17));
        foreach (int at in (int[])[side, side + 2])
        {
            if (frame.Length >= at + 12 && (frame[at..].StartsWith("Xing"u8) || frame[at..].StartsWith("Info"u8)))
            {
                return (frame[at + 7] & 1) != 0 ? BinaryPrimitives.ReadUInt32BigEndian(frame[(at + 8)..]) : 0;
            }
        }

        return 0;
    }

    /// <summary>The first byte that belongs to no ID3v2 tag and is no padding behind one.</summary>
    private static long PastTags(ReadOnlySpan<byte> file)
    {
        long at = 0;
        while (at < file.Length && file[(int)at..].StartsWith("ID3"u8))
        {
            ReadOnlySpan<byte> head = ImageHeader.Slice(file, at, 10, "ID3 tag");
            long length = (head[6] & 0x7F) << 21 | (head[7] & 0x7F) << 14 | (head[8] & 0x7F) << 7 | (head[9] & 0x7F);
            at += 10 + length + ((head[5] & 0x10) != 0 ? 10 : 0);
            ImageHeader.Slice(file, 0, at, "ID3 tag");
        }

        while (at > 0 && at < file.Length && file[(int)at] == 0)
        {
            at++;
        }

        return at;
    }

    private static bool IsTrailer(ReadOnlySpan<byte> rest) =>
        rest.StartsWith("TAG"u8) || rest.StartsWith("APETAGEX"u8) || rest.StartsWith("LYRICSBEGIN"u8) || rest.StartsWith("ID3"u8) || !rest.ContainsAnyExcept((byte)0);

    /// <summary>Rate, channels and bytes of the frame that begins with these four bytes; null where none does.</summary>
    private static (int Rate, int Channels, int Length)? Frame(ReadOnlySpan<byte> head)
    {
        int version = (head[1] >> 3) & 3, kilobits = head[2] >> 4, rate = (head[2] >> 2) & 3;
        bool layerThree = head[0] == 0xFF && (head[1] & 0xE6) == 0xE2;
        if (!layerThree || version == 1 || kilobits is 0 or 15 || rate == 3)
        {
            return null;
        }

        bool full = version == 3;
        int hertz = RatesOfMpeg1[rate] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
        int bits = 1000 * (full ? KilobitsOfMpeg1 : KilobitsOfMpeg2)[kilobits];
        return (hertz, head[3] >> 6 == 3 ? 1 : 2, ((full ? 144 : 72) * bits / hertz) + ((head[2] >> 1) & 1));
    }
}
