using System.Text.Json;

namespace SeaCluster.Models.Media;

/// <summary>
/// How a checkpoint wants its pictures, from <c>preprocessor_config.json</c> or the <c>image_processor</c> of <c>processor_config.json</c>.
/// A key left out has the default of transformers' <c>CLIPImageProcessor</c>.
/// </summary>
public sealed record PreprocessorConfig
{
    /// <summary>Resize at all.</summary>
    public bool DoResize { get; init; } = true;

    /// <summary>Length of the shorter side after the resize, in pixels; null where <see cref="Size"/> is given.</summary>
    public int? ShortestEdge { get; init; } = 224;

    /// <summary>Exact size after the resize; null where <see cref="ShortestEdge"/> is given.</summary>
    public (int Height, int Width)? Size { get; init; }

    /// <summary>The resize's filter.</summary>
    public Resampling Resample { get; init; } = Resampling.Bicubic;

    /// <summary>Cut the middle out, or add black borders where the picture is smaller.</summary>
    public bool DoCenterCrop { get; init; } = true;

    /// <summary>Size of the cut.</summary>
    public (int Height, int Width) CropSize { get; init; } = (224, 224);

    /// <summary>Multiply levels by <see cref="RescaleFactor"/>.</summary>
    public bool DoRescale { get; init; } = true;

    /// <summary>1/255 brings levels to 0..1.</summary>
    public double RescaleFactor { get; init; } = 1 / 255.0;

    /// <summary>Subtract <see cref="Mean"/> and divide by <see cref="Std"/>.</summary>
    public bool DoNormalize { get; init; } = true;

    /// <summary>Mean of each channel.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.48145466, 0.4578275, 0.40821073];

    /// <summary>Standard deviation of each channel.</summary>
    public IReadOnlyList<double> Std { get; init; } = [0.26862954, 0.26130258, 0.27577711];

    /// <summary>Reads the config of the checkpoint in <paramref name="folder"/>.</summary>
    /// <exception cref="SeaException">Neither file is there, or a key's value cannot be used: the message names file and key.</exception>
    public static PreprocessorConfig Read(string folder)
    {
        string own = Path.Combine(folder, "preprocessor_config.json");
        string joint = Path.Combine(folder, "processor_config.json");
        if (File.Exists(own))
        {
            using JsonDocument document = Parse(own);
            return From(new Keys(own, "", document.RootElement));
        }

        if (File.Exists(joint))
        {
            using JsonDocument document = Parse(joint);
            if (new Keys(joint, "", document.RootElement).Find("image_processor") is { ValueKind: JsonValueKind.Object } inner)
            {
                return From(new Keys(joint, "image_processor.", inner));
            }
        }

        throw new SeaException(
            $"The checkpoint '{folder}' has neither a preprocessor_config.json nor an image_processor in processor_config.json.",
            "Copy the file from where the checkpoint was published: it says how pictures are resized and normalised.");
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new SeaException($"'{path}' is not JSON: {e.Message}", inner: e);
        }
    }

    private static PreprocessorConfig From(Keys keys)
    {
        PreprocessorConfig defaults = new();
        (int? shortest, (int, int)? size) = keys.Size("size", shortestEdgeAllowed: true) ?? (defaults.ShortestEdge, null);
        (_, (int, int)? crop) = keys.Size("crop_size", shortestEdgeAllowed: false) ?? (null, defaults.CropSize);
        return new PreprocessorConfig
        {
            DoResize = keys.Flag("do_resize", defaults.DoResize),
            ShortestEdge = shortest,
            Size = size,
            Resample = keys.Number("resample", (double)defaults.Resample) switch
            {
                2 => Resampling.Bilinear,
                3 => Resampling.Bicubic,
                double other => throw keys.Wrong("resample", "2 (bilinear) or 3 (bicubic)", $"{other}"),
            },
            DoCenterCrop = keys.Flag("do_center_crop", defaults.DoCenterCrop),
            CropSize = crop!.Value,
            DoRescale = keys.Flag("do_rescale", defaults.DoRescale),
            RescaleFactor = keys.Number("rescale_factor", defaults.RescaleFactor),
            DoNormalize = keys.Flag("do_normalize", defaults.DoNormalize),
            Mean = keys.Channels("image_mean", defaults.Mean),
            Std = keys.Channels("image_std", defaults.Std),
        };
    }

    /// <summary>Typed access to one JSON object whose errors name the file and the key.</summary>
    private sealed record Keys(string File, string Prefix, JsonElement Object)
    {
        private const int LargestSide = 1 << 14;

        internal JsonElement? Find(string key) =>
            Object.ValueKind == JsonValueKind.Object && Object.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

        internal bool Flag(string key, bool missing) => Find(key) switch
        {
            null => missing,
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            { } other => throw Wrong(key, "true or false", other.GetRawText()),
        };

        internal double Number(string key, double missing) => Find(key) switch
        {
            null => missing,
            { ValueKind: JsonValueKind.Number } number => number.GetDouble(),
            { } other => throw Wrong(key, "a number", other.GetRawText()),
        };

        internal IReadOnlyList<double> Channels(string key, IReadOnlyList<double> missing) => Find(key) switch
        {
            null => missing,
            { ValueKind: JsonValueKind.Array } array when array.GetArrayLength() == 3 && array.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number)
                => [.. array.EnumerateArray().Select(item => item.GetDouble())],
            { } other => throw Wrong(key, "three numbers, one a channel", other.GetRawText()),
        };

        /// <summary>A whole number is the shortest edge (of a crop: both sides), an object names its sides.</summary>
        internal (int? ShortestEdge, (int Height, int Width)? Exact)? Size(string key, bool shortestEdgeAllowed)
        {
            if (Find(key) is not { } value)
            {
                return null;
            }

            if (Side(value) is { } side)
            {
                return shortestEdgeAllowed ? (side, null) : (null, (side, side));
            }

            Keys inner = new(File, $"{Prefix}{key}.", value);
            if (inner.Find("height") is { } h && inner.Find("width") is { } w && Side(h) is { } height && Side(w) is { } width)
            {
                return (null, (height, width));
            }

            return shortestEdgeAllowed && inner.Find("shortest_edge") is { } edge && Side(edge) is { } shortest
                ? (shortest, null)
                : throw Wrong(key, $"height and width{(shortestEdgeAllowed ? " or shortest_edge" : "")}, each 1 to {LargestSide}", value.GetRawText());
        }

        internal SeaException Wrong(string key, string expected, string found) =>
            new($"'{File}': {Prefix}{key} must be {expected}, found {found}.");

        private static int? Side(JsonElement value) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int side) && side is >= 1 and <= LargestSide ? side : null;
    }
}
