using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using SeaCluster.Models.Media;
using SeaCluster.Models.Media.Audio;
using SeaCluster.Tests;

namespace SeaCluster.Models.Tests.Media.Audio;

[UnsupportedOSPlatform("windows")]
public sealed class AudioReaderTests : IDisposable
{
    private const int Rate = 16000;
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [RequiresFact("ffmpeg")]
    public void Malformed_files_are_refused_by_name_and_reason_within_two_seconds_and_64_MB()
    {
        (string File, string Reason)[] cases =
        [
            ("truncated.wav", "it is truncated: its RIFF container ends at byte 1644, the file at 30"),
            ("no-samples.wav", "it is truncated: its RIFF container ends at byte 1644, the file at 44"),
            ("lying-size.wav", "it is truncated: its RIFF container ends at byte 2147483640, the file at 1644"),
            ("empty.png", "it is empty"),
            ("noise.mp4", "it is no WAV, FLAC, MP3 or Ogg file (its first bytes are "),
        ];
        foreach ((string file, string reason) in cases)
        {
            string path = Repository.Fixture("media", "malformed", file);
            long start = Stopwatch.GetTimestamp();
            long before = GC.GetAllocatedBytesForCurrentThread();

            Refusal(path).ShouldStartWith($"Cannot read the audio '{path}': {reason}");

            Stopwatch.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(2), file);
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20, file);
        }
    }

    [Fact]
    public void A_file_that_is_absent_or_too_large_is_named()
    {
        Refusal("no/such.wav").ShouldContain("no/such.wav");
        string tone = Audio("tone.wav");
        Should.Throw<SeaException>(() => new MediaReader(new MediaLimits { MaxBytes = 1000 }).ReadAudio(tone, Rate, 2))
            .Message.ShouldBe($"Cannot read the audio '{tone}': it has 43884 bytes, more than the limit of 1000.");
    }

    [RequiresFact("ffmpeg")]
    public void Samples_are_those_of_the_file()
    {
        byte[] file = File.ReadAllBytes(Audio("tone.wav"));
        AudioClip clip = Read(Audio("tone.wav"));
        clip.Rate.ShouldBe(Rate);
        clip.Samples.Length.ShouldBe((file.Length - 44) / 2);
        for (int i = 0; i < clip.Samples.Length; i++)
        {
            clip.Samples[i].ShouldBe(BinaryPrimitives.ReadInt16LittleEndian(file.AsSpan(44 + (2 * i))) / 32768f);
        }
    }

    [RequiresFact("ffmpeg")]
    public void Wav_of_every_width_is_read_to_its_precision()
    {
        float[] tone = Read(Audio("float.wav")).Samples;
        foreach ((string codec, double step) in new[]
        {
            ("pcm_u8", 1 / 128.0), ("pcm_s16le", 1 / 32768.0), ("pcm_s24le", 1e-6), ("pcm_s32le", 1e-7), ("pcm_f32le", 0), ("pcm_f64le", 0), ("pcm_alaw", 0.02), ("pcm_mulaw", 0.02),
        })
        {
            float[] read = Read(Converted("float.wav", $"{codec}.wav", "-c:a", codec)).Samples;
            read.Length.ShouldBe(tone.Length, codec);
            Largest(read, tone).ShouldBeLessThanOrEqualTo(step, codec);
        }
    }

    [RequiresFact("ffmpeg")]
    public void Compressed_files_give_the_sound_they_were_made_of()
    {
        float[] tone = Read(Audio("tone.wav")).Samples;
        Read(Converted("tone.wav", "tone.flac")).Samples.ShouldBe(tone);
        Read(Converted("tone.wav", "flac.ogg", "-c:a", "flac")).Samples.ShouldBe(tone);
        foreach ((string name, string[] options) in new[]
        {
            ("tone.mp3", new[] { "-b:a", "128k" }), ("vbr.mp3", ["-q:a", "2"]), ("half-rate.mp3", ["-ar", "24000", "-b:a", "48k"]), ("lowest.mp3", ["-ar", "8000", "-b:a", "64k"]),
            ("tone.ogg", ["-c:a", "libvorbis", "-q:a", "6"]), ("tone.opus", ["-c:a", "libopus", "-b:a", "96k"]),
        })
        {
            float[] read = Read(Converted("tone.wav", name, options)).Samples;
            int compared = Math.Min(read.Length, tone.Length);
            Math.Abs(read.Length - tone.Length).ShouldBeLessThan(Rate / 8, name);
            double error = Math.Sqrt(Enumerable.Range(0, compared).Average(i => Math.Pow(read[i] - tone[i], 2)));
            error.ShouldBeLessThan(0.03, name);
        }
    }

    [RequiresFact("ffmpeg")]
    public void Tags_and_cover_pictures_are_left_out()
    {
        float[] tone = Read(Audio("tone.wav")).Samples;
        string[] cover = ["-i", Repository.Fixture("media", "images", "scene.png"), "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic", "-metadata", "title=A tone"];
        Read(Converted("tone.wav", "cover.flac", cover)).Samples.ShouldBe(tone);
        float[] plain = Read(Converted("tone.wav", "plain.mp3")).Samples;
        Read(Converted("tone.wav", "cover.mp3", [.. cover, "-write_id3v1", "1"])).Samples.ShouldBe(plain);
    }

    [RequiresFact("ffmpeg")]
    public void Every_truncation_is_refused()
    {
        string cut = Path.Combine(folder.Path, "cut");
        foreach (string path in new[]
        {
            Audio("pcm24.wav"), Audio("float.wav"), Converted("tone.wav", "tone.flac"), Converted("tone.wav", "tone.ogg", "-c:a", "libvorbis"), Converted("tone.wav", "tone.opus"),
        })
        {
            byte[] whole = File.ReadAllBytes(path);
            for (int length = 1; length < whole.Length; length += (whole.Length / 23) + 1)
            {
                File.WriteAllBytes(cut, whole[..length]);
                Should.Throw<SeaException>(() => Read(cut), $"{path} cut to {length} bytes");
            }
        }

        // An MP3 file without a count of its frames can only be seen to be cut inside a frame.
        byte[] mp3 = File.ReadAllBytes(Converted("tone.wav", "tone.mp3"));
        File.WriteAllBytes(cut, mp3[..^9]);
        Refusal(cut).ShouldContain("it is truncated: its next MP3 frame ends at byte");
    }

    [RequiresFact("ffmpeg")]
    public void An_mp3_cut_between_frames_is_refused_where_its_header_counts_them_and_else_looks_whole()
    {
        const int frame = 72 * 64_000 / Rate; // ISO 13818-3, layer III: 64 kbit/s at 16 kHz, without padding
        string[] plain = ["-b:a", "64k", "-id3v2_version", "0"];
        string cut = Path.Combine(folder.Path, "cut.mp3");
        byte[] counted = File.ReadAllBytes(Converted("tone.wav", "counted.mp3", plain)), uncounted = File.ReadAllBytes(Converted("tone.wav", "uncounted.mp3", [.. plain, "-write_xing", "0"]));

        File.WriteAllBytes(cut, counted[..^(5 * frame)]);
        Refusal(cut).ShouldMatch(@"it is truncated: its header promises \d+ MP3 frames, \d+ are there");

        // Some encoders count the frame that holds the header, some do not: one frame of 36 ms may be missing unseen.
        File.WriteAllBytes(cut, counted[..^frame]);
        Read(cut).Samples.Length.ShouldBeGreaterThan(0);

        // Without a count nothing tells: what is left is read.
        int whole = Read(Path.Combine(folder.Path, "uncounted.mp3")).Samples.Length;
        File.WriteAllBytes(cut, uncounted[..^(5 * frame)]);
        Read(cut).Samples.Length.ShouldBe(whole - (5 * 576));
    }

    [RequiresFact("ffmpeg")]
    public void A_wav_whose_writer_could_not_seek_back_is_read_to_its_end()
    {
        byte[] file = File.ReadAllBytes(Audio("pcm8.wav"));
        file.AsSpan(4, 4).Fill(0xFF);
        file.AsSpan(40, 4).Fill(0xFF);
        string path = Path.Combine(folder.Path, "piped.wav");
        File.WriteAllBytes(path, file);
        Read(path).Samples.ShouldBe(Read(Audio("pcm8.wav")).Samples);
    }

    [RequiresFact("ffmpeg")]
    public void Other_rates_and_channels_become_one_channel_at_the_wanted_rate()
    {
        foreach ((int rate, int channels) in new[] { (8000, 1), (11025, 2), (22050, 1), (44100, 2), (48000, 6), (96000, 1), (44099, 1) })
        {
            double[] gains = [.. Enumerable.Range(0, channels).Select(channel => 0.1 + (0.1 * channel))];
            string path = Sine($"{rate}.wav", rate, gains, 1000, 0.5);
            AudioClip clip = Read(path);
            clip.Samples.Length.ShouldBe(Rate / 2, $"{rate} Hz");
            for (int i = 400; i < clip.Samples.Length - 400; i++)
            {
                ((double)clip.Samples[i]).ShouldBe(gains.Average() * Math.Sin(2 * Math.PI * 1000 * i / Rate), 2e-5, $"{rate} Hz, sample {i}");
            }
        }
    }

    [RequiresFact("ffmpeg")]
    public void Tones_above_the_new_rates_half_do_not_come_back_as_others()
    {
        AudioClip clip = Read(Sine("high.wav", 44100, [0.5], 10_000, 0.5));
        clip.Samples.Skip(400).SkipLast(400).Max(Math.Abs).ShouldBeLessThan(1e-5f);
    }

    [RequiresFact("ffmpeg")]
    public void The_first_seconds_are_those_of_the_whole()
    {
        foreach (string path in new[] { Audio("long.wav"), Audio("stereo44k.wav"), Audio("speech8k.wav"), Converted("long.wav", "long.flac"), Converted("long.wav", "long.mp3") })
        {
            float[] whole = Read(path).Samples, part = MediaReader.Default.ReadAudio(path, Rate, 0.4).Samples;
            part.Length.ShouldBe((int)(0.4 * Rate), path);
            part.ShouldBe(whole[..part.Length], path);
        }
    }

    [RequiresFact("ffmpeg")]
    public void Many_files_give_what_each_gives_alone_and_a_bad_one_among_them_is_named()
    {
        string[] paths = [Audio("tone.wav"), Audio("short.wav"), Audio("long.wav"), Audio("float.wav"), Converted("tone.wav", "tone.mp3"), Converted("tone.wav", "tone.flac"), Audio("stereo44k.wav"), Audio("silence.wav"), Audio("tone.wav")];
        IReadOnlyList<AudioClip> together = MediaReader.Default.ReadAudio(paths, Rate, 1.5);
        for (int i = 0; i < paths.Length; i++)
        {
            together[i].Samples.ShouldBe(MediaReader.Default.ReadAudio(paths[i], Rate, 1.5).Samples, paths[i]);
        }

        string bad = Path.Combine(folder.Path, "bad.wav");
        File.WriteAllBytes(bad, NotANumber(5));
        Should.Throw<SeaException>(() => MediaReader.Default.ReadAudio([Audio("tone.wav"), Audio("float.wav"), bad, Audio("float.wav")], Rate, 30))
            .Message.ShouldBe($"Cannot read the audio '{bad}': its sample 5 is not a finite number.");
    }

    [RequiresFact("ffmpeg")]
    public void Samples_that_are_no_numbers_are_refused()
    {
        string path = Path.Combine(folder.Path, "nan.wav");
        File.WriteAllBytes(path, NotANumber(77));
        Refusal(path).ShouldBe($"Cannot read the audio '{path}': its sample 77 is not a finite number.");
    }

    [RequiresFact("ffmpeg")]
    public void A_lying_header_costs_no_memory_and_an_honest_bomb_is_refused()
    {
        byte[] flac = File.ReadAllBytes(Converted("tone.wav", "tone.flac"));
        string lying = Path.Combine(folder.Path, "lying.flac"), bomb = Path.Combine(folder.Path, "bomb.flac");

        // Eight bytes of the stream's own block: 20 bits of rate, 3 of channels, 5 of width, 36 of samples.
        BinaryPrimitives.WriteUInt64BigEndian(flac.AsSpan(18), (16000UL << 44) | (15UL << 36) | 0xF_FFFF_FFFF);
        File.WriteAllBytes(lying, flac);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refusal(lying).ShouldStartWith($"Cannot read the audio '{lying}': ");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(32 << 20);

        BinaryPrimitives.WriteUInt64BigEndian(flac.AsSpan(18), (384000UL << 44) | (7UL << 41) | (15UL << 36) | 0xF_FFFF_FFFF);
        File.WriteAllBytes(bomb, flac);
        Refusal(bomb).ShouldContain("samples in the first 30 s (8 channels at 384000 Hz), more than the limit of 24000000");
    }

    [Fact]
    public void Headers_that_cannot_be_true_are_refused_with_the_figures()
    {
        byte[] wav = File.ReadAllBytes(Audio("tone.wav"));
        Refused(wav, 22, 0, 0).ShouldContain("it claims 0 channels in blocks of 2 bytes");
        Refused(wav, 24, 0xFF, 0xFF, 0xFF, 0xFF).ShouldContain("it claims 1 channels at 2147483647 Hz; read are 1 to 16 channels at 1000 to 384000 Hz");
        Refused(wav, 20, 2).ShouldContain("its samples are of kind 2 with 2 bytes");
        Refused(wav, 40, 0, 0, 0, 0).ShouldContain("it holds no samples");

        string Refused(byte[] file, int at, params byte[] bytes)
        {
            byte[] changed = [.. file];
            bytes.CopyTo(changed, at);
            string path = Path.Combine(folder.Path, "changed.wav");
            File.WriteAllBytes(path, changed);
            return Refusal(path);
        }
    }

    private static string Audio(string name) => Repository.Fixture("media", "audio", name);

    private static AudioClip Read(string path) => MediaReader.Default.ReadAudio(path, Rate, 30);

    private static string Refusal(string path) => Should.Throw<SeaException>(() => Read(path)).Message;

    private static double Largest(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max();

    private static byte[] NotANumber(int sample)
    {
        byte[] file = File.ReadAllBytes(Audio("float.wav"));
        int data = file.AsSpan().IndexOf("data"u8) + 8;
        BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(data + (4 * sample)), float.NaN);
        return file;
    }

    /// <summary>A float WAV of one tone, with a gain for each channel.</summary>
    private string Sine(string name, int rate, double[] gains, double hertz, double seconds)
    {
        int frames = (int)(rate * seconds), bytes = frames * gains.Length * 4;
        byte[] file = new byte[44 + bytes];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        "WAVEfmt "u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(20), 3);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(22), (short)gains.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24), rate);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), rate * gains.Length * 4);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(32), (short)(gains.Length * 4));
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(34), 32);
        "data"u8.CopyTo(file.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), bytes);
        for (int i = 0; i < frames * gains.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(44 + (4 * i)), (float)(gains[i % gains.Length] * Math.Sin(2 * Math.PI * hertz * (i / gains.Length) / rate)));
        }

        string path = Path.Combine(folder.Path, name);
        File.WriteAllBytes(path, file);
        return path;
    }

    private string Converted(string from, string to, params string[] options)
    {
        string path = Path.Combine(folder.Path, to);
        string[] arguments = ["-nostdin", "-v", "error", "-y", "-i", Audio(from), .. options, path];
        using Process ffmpeg = Process.Start(new ProcessStartInfo("ffmpeg", arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        string complaint = ffmpeg.StandardError.ReadToEnd();
        ffmpeg.WaitForExit();
        ffmpeg.ExitCode.ShouldBe(0, string.Create(CultureInfo.InvariantCulture, $"{to}: {complaint}"));
        return path;
    }
}
