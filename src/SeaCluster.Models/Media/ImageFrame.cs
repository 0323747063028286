namespace SeaCluster.Models.Media;

/// <summary>A decoded picture: 8-bit RGB, row by row from the top, three bytes a pixel.</summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Rgb">The pixels, <c>[height, width, 3]</c>.</param>
public sealed record ImageFrame(int Width, int Height, byte[] Rgb)
{
    /// <summary>A picture of one colour, such as the white blank from which the optimisation of an image embedding starts.</summary>
    public static ImageFrame Filled(int width, int height, byte level)
    {
        byte[] rgb = new byte[3 * width * height];
        rgb.AsSpan().Fill(level);
        return new ImageFrame(width, height, rgb);
    }

    /// <summary>The picture as its EXIF orientation (1 to 8) asks it to be shown; 1 and unknown values leave it as it is.</summary>
    public ImageFrame Oriented(int orientation)
    {
        if (orientation is < 2 or > 8)
        {
            return this;
        }

        int lastX = Width - 1;
        int lastY = Height - 1;
        (int width, int height) = orientation >= 5 ? (Height, Width) : (Width, Height);
        byte[] turned = new byte[Rgb.Length];
        for (int y = 0, to = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, to += 3)
            {
                (int fromX, int fromY) = orientation switch
                {
                    2 => (lastX - x, y),
                    3 => (lastX - x, lastY - y),
                    4 => (x, lastY - y),
                    5 => (y, x),
                    6 => (y, lastY - x),
                    7 => (lastX - y, lastY - x),
                    _ => (lastX - y, x),
                };
                Rgb.AsSpan(3 * ((fromY * Width) + fromX), 3).CopyTo(turned.AsSpan(to));
            }
        }

        return new ImageFrame(width, height, turned);
    }
}
