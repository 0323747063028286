using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Media;
using SeaCluster.Models.Media.Video;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models;

/// <summary>
/// Qwen2-VL (Wang et al. 2024). E_o is the output of the last vision block, [time · height · width patches in merge order, encoder hidden]; P, the
/// patch merger, makes one media token of each square of patches; the decoder's rotary positions follow the tokens in time, height and width.
/// </summary>
public sealed class Qwen2Vl : IMultimodalModel
{
    // The blank medium, in media tokens a side and in frames: 224 x 224 pixels with the published patches.
    private const int BlankSide = 8;
    private const int BlankFrames = 8;

    private readonly PatchPreprocessor images;
    private readonly PatchPreprocessor videos;
    private readonly Linear first;
    private readonly Linear second;

    private Qwen2Vl(ModelCore core)
    {
        Core = core;
        (ModelConfig config, Weights weights) = (core.Config, core.Weights);
        images = new PatchPreprocessor(PatchConfig.Read(core.Folder, Modality.Image, config.Vision!, PatchConfig.Qwen2Vl(Modality.Image)));
        videos = new PatchPreprocessor(PatchConfig.Read(core.Folder, Modality.Video, config.Vision!, PatchConfig.Qwen2Vl(Modality.Video)));
        Tower = new Qwen2VisionTower(config.Vision!, weights);
        first = new Linear(weights, "visual.merger.mlp.0");
        second = new Linear(weights, "visual.merger.mlp.2");
    }

    /// <inheritdoc/>
    public ModelCore Core { get; }

    /// <inheritdoc/>
    public LanguageModel LanguageModel => Core.LanguageModel;

    /// <summary>M.</summary>
    public Qwen2VisionTower Tower { get; }

    /// <inheritdoc/>
    public int EncoderHidden => Core.Config.Vision!.HiddenSize;

    /// <summary>Reads a checkpoint in either weight layout.</summary>
    public static Qwen2Vl Load(string folder, ModelConfig config, ScalarType dtype, Device device) =>
        new(ModelCore.Load(folder, config, CanonicalName, Shapes(config), dtype, device));

    /// <summary>A model around weights that were made elsewhere; the folder gives tokenizer and preprocessing.</summary>
    public static Qwen2Vl Around(string folder, ModelConfig config, Weights weights) => new(ModelCore.Around(folder, config, weights));

    /// <summary>Canonical names and shapes of all tensors.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Shapes(ModelConfig config)
    {
        VisionConfig vision = config.Vision!;
        long merged = (long)vision.HiddenSize * vision.MergeSize!.Value * vision.MergeSize.Value;
        return
        [
            .. Qwen2VisionTower.Shapes(vision),
            ("visual.merger.ln_q.weight", [vision.HiddenSize]),
            ("visual.merger.ln_q.bias", [vision.HiddenSize]),
            ("visual.merger.mlp.0.weight", [merged, merged]),
            ("visual.merger.mlp.0.bias", [merged]),
            ("visual.merger.mlp.2.weight", [config.Text.HiddenSize, merged]),
            ("visual.merger.mlp.2.bias", [config.Text.HiddenSize]),
            .. LanguageModel.Shapes(config.Text),
        ];
    }

    /// <summary>A tensor's name in either layout in use, <c>model.layers.</c> or <c>model.language_model.layers.</c> → the name used here.</summary>
    public static string CanonicalName(string name)
    {
        string inner = name.StartsWith("model.", StringComparison.Ordinal) ? name["model.".Length..] : name;
        bool decoder = inner.StartsWith("layers.", StringComparison.Ordinal) || inner.StartsWith("embed_tokens.", StringComparison.Ordinal) || inner.StartsWith("norm.", StringComparison.Ordinal);
        return decoder ? "language_model." + inner : inner;
    }

    /// <inheritdoc/>
    public IReadOnlyList<EncoderOutput> Encode(IReadOnlyList<string> mediaPaths)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return [.. mediaPaths.Select(path =>
        {
            Modality modality = MediaReader.IsVideo(path) ? Modality.Video : Modality.Image;
            return Encode(Read(path, modality).Patches, modality).MoveToOuterDisposeScope();
        })];
    }

    /// <summary>A medium as the encoder takes it, and for a video the frames that were chosen.</summary>
    public (PatchValues Patches, IReadOnlyList<int> Frames) Read(string path, Modality modality)
    {
        if (modality == Modality.Image)
        {
            return (images.Process([MediaReader.Default.ReadImage(path)]), [0]);
        }

        VideoClip clip = MediaReader.Default.ReadVideo(path, videos.Config.Sampling.Choose);
        return (videos.Process(clip.Frames), clip.Indices);
    }

    /// <inheritdoc/>
    public EncoderOutput EncodeBlank(Modality modality)
    {
        Core.Config.Require(modality);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        PatchPreprocessor preprocessor = modality == Modality.Video ? videos : images;
        FrameSampling sampling = preprocessor.Config.Sampling;
        int side = BlankSide * preprocessor.Config.TokenSide, frames = modality == Modality.Video ? Math.Clamp(BlankFrames, 1, Math.Max(1, sampling.MaxFrames)) : 1;
        ImageFrame white = ImageFrame.Filled(side, side, byte.MaxValue);
        return Encode(preprocessor.Process([.. Enumerable.Repeat(white, frames)]), modality).MoveToOuterDisposeScope();
    }

    /// <summary>Patches → encoder output, float32, with its layout.</summary>
    public EncoderOutput Encode(PatchValues patches, Modality modality)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = tensor(patches.Values, [patches.Grid.Tokens, patches.Values.Length / patches.Grid.Tokens]).to(this.Device);
        Tensor states = Tower.Forward(input, patches.Grid).to(ScalarType.Float32);
        return new EncoderOutput(states, Layout(patches.Grid, modality)).MoveToOuterDisposeScope();
    }

    /// <summary>How an encoder output stands in a prompt.</summary>
    /// <param name="patches">Patches in time, height and width.</param>
    /// <param name="modality">Image or video.</param>
    public MediaLayout Layout(MediaGrid patches, Modality modality)
    {
        int merge = Core.Config.Vision!.MergeSize!.Value;
        return MediaLayout.Of(new MediaGrid(patches.Time, patches.Height / merge, patches.Width / merge), modality);
    }

    /// <inheritdoc/>
    public Tensor Project(Tensor encoderOutput)
    {
        using DisposeScope scope = NewDisposeScope();
        int merge = Core.Config.Vision!.MergeSize!.Value;
        Tensor norm = Qwen2VisionTower.Norm(Core.Weights, "visual.merger.ln_q", encoderOutput.to(this.DType), Core.Config.Vision.LayerNormEps);
        Tensor squares = norm.reshape(-1, (long)EncoderHidden * merge * merge);
        return second.Forward(nn.functional.gelu(first.Forward(squares))).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => Core.Dispose();
}
