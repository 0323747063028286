using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Media;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models;

/// <summary>
/// LLaVA-1.5 (Liu et al. 2023). E_o is a hidden state of the CLIP tower without its class token, [patches, encoder hidden]; P is a
/// two-layer MLP; one media token per patch.
/// </summary>
public sealed class Llava : IMultimodalModel
{
    private const int EncoderBatch = 64;

    private readonly ImagePreprocessor preprocessor;
    private readonly Linear first;
    private readonly Linear second;

    private Llava(ModelCore core)
    {
        Core = core;
        (ModelConfig config, Weights weights) = (core.Config, core.Weights);
        preprocessor = ImagePreprocessor.For(core.Folder);
        Tower = new ClipVisionTower(config.Vision!, weights);
        first = new Linear(weights, "multi_modal_projector.linear_1");
        second = new Linear(weights, "multi_modal_projector.linear_2");
    }

    /// <inheritdoc/>
    public ModelCore Core { get; }

    /// <inheritdoc/>
    public LanguageModel LanguageModel => Core.LanguageModel;

    /// <summary>M.</summary>
    public ClipVisionTower Tower { get; }

    /// <inheritdoc/>
    public int EncoderHidden => Core.Config.Vision!.HiddenSize;

    /// <summary>Reads a checkpoint in either weight layout.</summary>
    public static Llava Load(string folder, ModelConfig config, ScalarType dtype, Device device) =>
        new(ModelCore.Load(folder, config, CanonicalName, Shapes(config), dtype, device));

    /// <summary>A model around weights that were made elsewhere; the folder gives tokenizer and preprocessing.</summary>
    public static Llava Around(string folder, ModelConfig config, Weights weights) => new(ModelCore.Around(folder, config, weights));

    /// <summary>Canonical names and shapes of all tensors.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Shapes(ModelConfig config)
    {
        long hidden = config.Text.HiddenSize;
        List<(string, long[])> shapes = [.. ClipVisionTower.Shapes(config.Vision!)];
        foreach ((string name, long columns) in new[] { ("linear_1", (long)config.Vision!.HiddenSize), ("linear_2", hidden) })
        {
            shapes.Add(($"multi_modal_projector.{name}.weight", [hidden, columns]));
            if (config.ProjectorBias)
            {
                shapes.Add(($"multi_modal_projector.{name}.bias", [hidden]));
            }
        }

        shapes.AddRange(LanguageModel.Shapes(config.Text));
        return shapes;
    }

    /// <summary>A tensor's name in any of the three layouts in use → the name used here.</summary>
    public static string CanonicalName(string name)
    {
        if (name.StartsWith("model.", StringComparison.Ordinal))
        {
            name = name["model.".Length..];
        }

        return name
            .Replace("language_model.model.", "language_model.", StringComparison.Ordinal)
            .Replace("language_model.lm_head.", "lm_head.", StringComparison.Ordinal)
            .Replace("vision_tower.vision_model.", "vision_tower.", StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public IReadOnlyList<EncoderOutput> Encode(IReadOnlyList<string> mediaPaths)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        List<EncoderOutput> outputs = [];
        foreach (string[] paths in mediaPaths.Chunk(EncoderBatch))
        {
            Tensor batch = Encode(Pixels(MediaReader.Default.ReadImages(paths)));
            outputs.AddRange(Enumerable.Range(0, paths.Length).Select(i => Output(batch[i].clone()).MoveToOuterDisposeScope()));
        }

        return outputs;
    }

    /// <summary>pixels [pictures, 3, size, size] → E_o [pictures, patches, encoder hidden], float32.</summary>
    public Tensor Encode(Tensor pixels)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor states = Tower.Forward(pixels.to(this.Device), Core.Config.VisionLayersUsed);
        Tensor patches = Core.Config.DropsClassToken ? states.narrow(1, 1, states.shape[1] - 1) : states;
        return patches.to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public EncoderOutput EncodeBlank(Modality modality)
    {
        Core.Config.Require(modality);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        int size = Core.Config.Vision!.ImageSize;
        return Output(Encode(Pixels([ImageFrame.Filled(size, size, byte.MaxValue)]))[0].clone()).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Project(Tensor encoderOutput)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = Activations.Apply(Core.Config.ProjectorActivation, first.Forward(encoderOutput.to(this.DType)));
        return second.Forward(y).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => Core.Dispose();

    private static EncoderOutput Output(Tensor values) => new(values, MediaLayout.Of(checked((int)values.shape[0]), Modality.Image));

    private Tensor Pixels(IReadOnlyList<ImageFrame> pictures)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] pixels = [.. pictures.Select(picture =>
        {
            PixelValues values = preprocessor.Process(picture);
            return tensor(values.Values, [3, values.Height, values.Width]);
        })];
        return stack(pixels).to(this.Device).MoveToOuterDisposeScope();
    }
}
