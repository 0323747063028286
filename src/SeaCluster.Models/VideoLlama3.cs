using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Media;
using SeaCluster.Models.Media.Video;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models;

/// <summary>
/// VideoLLaMA3 (Zhang et al. 2025). E_o is the output of the vision tower behind its last norm and the reduction of squares of patches, [media tokens, encoder
/// hidden]; P is a two-layer MLP, token by token. Of a video that is read, tokens that show the same as in the frame before are left out, before P instead of behind it, which
/// is equal; each frame's tokens stand behind its time in the prompt.
/// </summary>
public sealed class VideoLlama3 : IMultimodalModel
{
    // The blank medium, in media tokens a side and in frames.
    private const int BlankSide = 8;
    private const int BlankFrames = 4;

    private readonly PatchPreprocessor images;
    private readonly PatchPreprocessor videos;
    private readonly Linear first;
    private readonly Linear second;

    private VideoLlama3(ModelCore core)
    {
        Core = core;
        (ModelConfig config, Weights weights) = (core.Config, core.Weights);
        images = new PatchPreprocessor(PatchConfig.Read(core.Folder, Modality.Image, config.Vision!, PatchConfig.VideoLlama3(Modality.Image)));
        videos = new PatchPreprocessor(PatchConfig.Read(core.Folder, Modality.Video, config.Vision!, PatchConfig.VideoLlama3(Modality.Video)));
        Tower = new SiglipVisionTower(config.Vision!, weights);
        first = new Linear(weights, "projector.readout.0");
        second = new Linear(weights, "projector.readout.2");
    }

    /// <inheritdoc/>
    public ModelCore Core { get; }

    /// <inheritdoc/>
    public LanguageModel LanguageModel => Core.LanguageModel;

    /// <summary>M.</summary>
    public SiglipVisionTower Tower { get; }

    /// <inheritdoc/>
    public int EncoderHidden => Core.Config.Vision!.HiddenSize;

    /// <summary>Reads a checkpoint in either weight layout.</summary>
    public static VideoLlama3 Load(string folder, ModelConfig config, ScalarType dtype, Device device) =>
        new(ModelCore.Load(folder, config, CanonicalName, Shapes(config), dtype, device));

    /// <summary>A model around weights that were made elsewhere; the folder gives tokenizer and preprocessing.</summary>
    public static VideoLlama3 Around(string folder, ModelConfig config, Weights weights) => new(ModelCore.Around(folder, config, weights));

    /// <summary>Canonical names and shapes of all tensors.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Shapes(ModelConfig config)
    {
        long hidden = config.Text.HiddenSize;
        return
        [
            .. SiglipVisionTower.Shapes(config.Vision!),
            ("projector.readout.0.weight", [hidden, config.Vision!.HiddenSize]),
            ("projector.readout.0.bias", [hidden]),
            ("projector.readout.2.weight", [hidden, hidden]),
            ("projector.readout.2.bias", [hidden]),
            .. LanguageModel.Shapes(config.Text),
        ];
    }

    /// <summary>A tensor's name in any layout in use, the language model below <c>model.</c>, <c>model.language_model.</c> or <c>language_model.model.</c> → the name used here.</summary>
    public static string CanonicalName(string name)
    {
        string inner = name.StartsWith("model.", StringComparison.Ordinal) ? name["model.".Length..] : name;
        bool decoder = inner.StartsWith("layers.", StringComparison.Ordinal) || inner.StartsWith("embed_tokens.", StringComparison.Ordinal) || inner.StartsWith("norm.", StringComparison.Ordinal);
        return decoder ? "language_model." + inner : inner
            .Replace("language_model.model.", "language_model.", StringComparison.Ordinal)
            .Replace("language_model.lm_head.", "lm_head.", StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public IReadOnlyList<EncoderOutput> Encode(IReadOnlyList<string> mediaPaths)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return [.. mediaPaths.Select(path =>
        {
            VisionInput input = Read(path, MediaReader.IsVideo(path) ? Modality.Video : Modality.Image);
            Tensor all = Encode(input.Patches, input.Modality);
            Tensor kept = input.Kept.Contains(false) ? all.index_select(0, Rows(input.Kept)) : all;
            return new EncoderOutput(kept, Layout(input)).MoveToOuterDisposeScope();
        })];
    }

    /// <summary>A medium as the encoder takes it.</summary>
    public VisionInput Read(string path, Modality modality)
    {
        if (modality == Modality.Image)
        {
            PatchValues picture = images.Process([MediaReader.Default.ReadImage(path)]);
            return new VisionInput(modality, picture, [0], [0], All(picture.Grid, images));
        }

        VideoClip clip = MediaReader.Default.ReadVideo(path, videos.Config.Sampling.Choose);
        PatchValues video = videos.Process(clip.Frames);
        return new VisionInput(
            modality, video, clip.Indices, clip.Seconds, videos.Config.Compresses ? TokenCompression.Kept(video, videos.Config.MergeSize) : All(video.Grid, videos));
    }

    /// <inheritdoc/>
    public EncoderOutput EncodeBlank(Modality modality)
    {
        Core.Config.Require(modality);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        PatchPreprocessor preprocessor = Of(modality);
        FrameSampling sampling = preprocessor.Config.Sampling;
        int side = BlankSide * preprocessor.Config.TokenSide, frames = modality == Modality.Video ? Math.Clamp(BlankFrames, 1, Math.Max(1, sampling.MaxFrames)) : 1;
        PatchValues white = preprocessor.Process([.. Enumerable.Repeat(ImageFrame.Filled(side, side, byte.MaxValue), frames)]);

        // Compressed, a blank video would be its first frame: all tokens are kept, so that there is a video to optimise.
        VisionInput input = new(
            modality, white, [.. Enumerable.Range(0, frames)], [.. Enumerable.Range(0, frames).Select(frame => frame / sampling.FramesPerSecond)], All(white.Grid, preprocessor));
        return new EncoderOutput(Encode(white, modality), Layout(input)).MoveToOuterDisposeScope();
    }

    /// <summary>Patches → encoder output of all media tokens, [tokens, encoder hidden], float32.</summary>
    public Tensor Encode(PatchValues patches, Modality modality)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = tensor(patches.Values, [patches.Grid.Tokens, patches.Values.Length / patches.Grid.Tokens]).to(this.Device);
        return Tower.Forward(input, patches.Grid, Of(modality).Config.MergeSize).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>How the tokens that are kept stand in a prompt: those of a picture in one stretch, those of a video behind the time of their frame.</summary>
    public static MediaLayout Layout(VisionInput input)
    {
        if (input.Modality == Modality.Image)
        {
            return MediaLayout.Of(input.Kept.Count(kept => kept), Modality.Image);
        }

        bool[][] frames = [.. input.Kept.Chunk(input.Kept.Length / input.Seconds.Count)];
        return MediaLayout.Frames([.. input.Seconds.Select((seconds, i) => (seconds, frames[i].Count(kept => kept)))]);
    }

    /// <inheritdoc/>
    public Tensor Project(Tensor encoderOutput)
    {
        using DisposeScope scope = NewDisposeScope();
        return second.Forward(nn.functional.gelu(first.Forward(encoderOutput.to(this.DType)))).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => Core.Dispose();

    private PatchPreprocessor Of(Modality modality) => modality == Modality.Video ? videos : images;

    private static bool[] All(MediaGrid patches, PatchPreprocessor preprocessor) =>
        [.. Enumerable.Repeat(true, patches.Tokens / preprocessor.Config.MergeSize / preprocessor.Config.MergeSize)];

    private Tensor Rows(bool[] kept) => tensor(Enumerable.Range(0, kept.Length).Where(i => kept[i]).Select(i => (long)i).ToArray()).to(this.Device);
}

/// <summary>A picture or video as VideoLLaMA3's encoder takes it.</summary>
/// <param name="Modality">Which.</param>
/// <param name="Patches">In merge order.</param>
/// <param name="Frames">The frames that were chosen.</param>
/// <param name="Seconds">Their times.</param>
/// <param name="Kept">Whether a media token is kept, one flag each, time outermost.</param>
public sealed record VisionInput(Modality Modality, PatchValues Patches, IReadOnlyList<int> Frames, IReadOnlyList<double> Seconds, bool[] Kept);
