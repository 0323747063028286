namespace SeaCluster.Models.Media;

/// <summary>Model input made of one picture.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Values">Normalised levels, <c>[3, height, width]</c>, channels red, green, blue.</param>
public sealed record PixelValues(int Height, int Width, float[] Values);

/// <summary>Brings pictures to a CLIP tower's input, with the arithmetic of transformers' <c>CLIPImageProcessor</c> on PIL.</summary>
public sealed class ImagePreprocessor
{
    private const long LargestResized = 64_000_000;

    private readonly PreprocessorConfig _config;
    private readonly float[][] _levels;

    /// <param name="config">The steps and their sizes.</param>
    public ImagePreprocessor(PreprocessorConfig config)
    {
        _config = config;
        _levels = [.. Enumerable.Range(0, 3).Select(channel => Enumerable.Range(0, 256).Select(level => Normalised(level, channel)).ToArray())];
    }

    /// <summary>The preprocessor of the checkpoint in <paramref name="folder"/>.</summary>
    /// <exception cref="SeaException">See <see cref="PreprocessorConfig.Read"/>.</exception>
    public static ImagePreprocessor For(string folder) => new(PreprocessorConfig.Read(folder));

    /// <summary>Resizes, crops, rescales and normalises, each step where the config asks for it.</summary>
    /// <exception cref="SeaException">The picture is so long and thin that its resized form would be enormous.</exception>
    public PixelValues Process(ImageFrame image)
    {
        if (_config.DoResize)
        {
            (int width, int height) = TargetSize(image);
            image = Resampler.Resize(image, width, height, _config.Resample);
        }

        if (_config.DoCenterCrop)
        {
            image = CentreCrop(image, _config.CropSize.Width, _config.CropSize.Height);
        }

        int plane = image.Width * image.Height;
        float[] values = new float[3 * plane];
        for (int pixel = 0, from = 0; pixel < plane; pixel++)
        {
            for (int channel = 0; channel < 3; channel++)
            {
                values[(channel * plane) + pixel] = _levels[channel][image.Rgb[from++]];
            }
        }

        return new PixelValues(image.Height, image.Width, values);
    }

    private (int Width, int Height) TargetSize(ImageFrame image)
    {
        if (_config.Size is { } exact)
        {
            return (exact.Width, exact.Height);
        }

        int edge = _config.ShortestEdge!.Value;
        long other = (long)((double)((long)edge * Math.Max(image.Width, image.Height)) / Math.Min(image.Width, image.Height));
        if (edge * other > LargestResized)
        {
            throw new SeaException(
                $"A picture of {image.Width} x {image.Height} pixels is too long and thin: with a shorter side of {edge} its longer side would be {other}.",
                "Cut it to the part that matters.");
        }

        return image.Width <= image.Height ? (edge, (int)other) : ((int)other, edge);
    }

    /// <summary>The middle of the picture; black where the picture does not reach.</summary>
    private static ImageFrame CentreCrop(ImageFrame image, int width, int height)
    {
        int left = Offset(image.Width, width);
        int top = Offset(image.Height, height);
        byte[] cut = new byte[3 * width * height];
        int firstX = Math.Max(0, -left);
        int pastX = Math.Min(width, image.Width - left);
        for (int y = Math.Max(0, -top); y < Math.Min(height, image.Height - top); y++)
        {
            int from = 3 * (((y + top) * image.Width) + firstX + left);
            image.Rgb.AsSpan(from, 3 * (pastX - firstX)).CopyTo(cut.AsSpan(3 * ((y * width) + firstX)));
        }

        return new ImageFrame(width, height, cut);

        // Rounds down in both cases, as the reference's padding and floor division do together.
        static int Offset(int has, int wants) => has >= wants ? (has - wants) / 2 : -((wants - has + 1) / 2);
    }

    private float Normalised(int level, int channel)
    {
        float value = _config.DoRescale ? (float)(level * _config.RescaleFactor) : level;
        return _config.DoNormalize ? (value - (float)_config.Mean[channel]) / (float)_config.Std[channel] : value;
    }
}
