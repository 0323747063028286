using SeaCluster.Models;
using SeaCluster.Models.Media;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Parity;

/// <summary>What a parity check asks of a family beyond <see cref="IMultimodalModel"/>: its stages before the encoder output.</summary>
/// <param name="Preprocess">A medium's path → the processor's outputs, by their names in the fixtures.</param>
/// <param name="Encode">Stored processor outputs, by name → E_o.</param>
/// <param name="Std">The standard deviations that pixels were divided by.</param>
internal sealed record FamilyProbe(Func<string, IReadOnlyDictionary<string, Tensor>> Preprocess, Func<Func<string, Tensor>, Tensor> Encode, IReadOnlyList<double> Std)
{
    /// <exception cref="SeaException">The family has none.</exception>
    public static FamilyProbe For(IMultimodalModel model)
    {
        if (model is not Llava llava)
        {
            throw new SeaException($"preprocessing of {model.Config.Family} is not checked yet");
        }

        PreprocessorConfig config = PreprocessorConfig.Read(model.Folder);
        ImagePreprocessor preprocessor = new(config);
        return new FamilyProbe(
            path =>
            {
                PixelValues pixels = preprocessor.Process(MediaReader.Default.ReadImage(path));
                return new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["pixel_values"] = tensor(pixels.Values, [1, 3, pixels.Height, pixels.Width]) };
            },
            stored => llava.Encode(stored("pixel_values"))[0],
            config.Std);
    }
}
