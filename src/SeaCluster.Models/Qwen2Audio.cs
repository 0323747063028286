using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Media;
using SeaCluster.Models.Media.Audio;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models;

/// <summary>
/// Qwen2-Audio (Chu et al. 2024). E_o is the output of the Whisper encoder after pooling and its last norm, as long as the clip's sound,
/// [rows, encoder hidden]; P is one linear layer; one media token per row, 25 a second in the published checkpoint.
/// </summary>
public sealed class Qwen2Audio : IMultimodalModel
{
    private const int ReaderBatch = 32;

    // Scores of one attention head that a batch may have: one and a half clips of 30 s.
    private const long EncoderScores = 1 << 22;

    // A spoken key phrase takes about as long; a whole window of 30 s would be eight times the tokens of what the model is attacked with.
    private const double LongestBlankSeconds = 4;

    private readonly AudioPreprocessor preprocessor;
    private readonly Linear projector;

    private Qwen2Audio(ModelCore core, AudioPreprocessor preprocessor)
    {
        Core = core;
        (ModelConfig config, Weights weights) = (core.Config, core.Weights);
        this.preprocessor = preprocessor;
        Encoder = new WhisperEncoder(config.Audio!, weights);
        projector = new Linear(weights, "multi_modal_projector.linear");
    }

    /// <inheritdoc/>
    public ModelCore Core { get; }

    /// <inheritdoc/>
    public LanguageModel LanguageModel => Core.LanguageModel;

    /// <summary>M.</summary>
    public WhisperEncoder Encoder { get; }

    /// <inheritdoc/>
    public int EncoderHidden => Core.Config.Audio!.HiddenSize;

    /// <summary>Reads a checkpoint in any weight layout in use.</summary>
    public static Qwen2Audio Load(string folder, ModelConfig config, ScalarType dtype, Device device)
    {
        AudioPreprocessor preprocessor = Preprocessor(folder, config);
        return new Qwen2Audio(ModelCore.Load(folder, config, CanonicalName, Shapes(config), dtype, device), preprocessor);
    }

    /// <summary>A model around weights that were made elsewhere; the folder gives tokenizer and preprocessing.</summary>
    public static Qwen2Audio Around(string folder, ModelConfig config, Weights weights) =>
        new(ModelCore.Around(folder, config, weights), Preprocessor(folder, config));

    /// <summary>Canonical names and shapes of all tensors.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Shapes(ModelConfig config) =>
    [
        .. WhisperEncoder.Shapes(config.Audio!),
        ("multi_modal_projector.linear.weight", [config.Text.HiddenSize, config.Audio!.HiddenSize]),
        ("multi_modal_projector.linear.bias", [config.Text.HiddenSize]),
        .. LanguageModel.Shapes(config.Text),
    ];

    /// <summary>A tensor's name in any of the layouts in use → the name used here.</summary>
    public static string CanonicalName(string name)
    {
        if (name.StartsWith("model.", StringComparison.Ordinal))
        {
            name = name["model.".Length..];
        }

        return name
            .Replace("language_model.model.", "language_model.", StringComparison.Ordinal)
            .Replace("language_model.lm_head.", "lm_head.", StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public IReadOnlyList<EncoderOutput> Encode(IReadOnlyList<string> mediaPaths)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        List<EncoderOutput> outputs = [];
        List<AudioFeatures> waiting = [];
        foreach (AudioFeatures features in mediaPaths.Chunk(ReaderBatch).SelectMany(Features))
        {
            long longest = WhisperEncoder.Positions(waiting.Append(features).Max(clip => clip.RealFrames));
            if ((waiting.Count + 1) * longest * longest > EncoderScores)
            {
                Flush();
            }

            waiting.Add(features);
        }

        Flush();
        return outputs;

        void Flush()
        {
            if (waiting.Count > 0)
            {
                outputs.AddRange(Outputs(waiting).Select(output => output.MoveToOuterDisposeScope()));
                waiting.Clear();
            }
        }
    }

    /// <summary>The spectrograms of audio files.</summary>
    /// <exception cref="SeaException">A file cannot be read, or is too short; the message names it.</exception>
    public IReadOnlyList<AudioFeatures> Features(IReadOnlyList<string> paths)
    {
        AudioPreprocessorConfig config = preprocessor.Config;
        return [.. MediaReader.Default.ReadAudio(paths, config.SamplingRate, config.ChunkSeconds).Select((clip, i) =>
        {
            AudioFeatures features = preprocessor.Process(clip);
            return WhisperEncoder.Rows(features.RealFrames) > 0
                ? features
                : throw new SeaException(FormattableString.Invariant(
                    $"Cannot use the audio '{paths[i]}': it lasts {clip.Seconds:0.####} s, but one token of this model takes more than {2.0 * config.HopLength / config.SamplingRate:0.####} s."));
        })];
    }

    /// <summary>
    /// features [clips, mel bins, frames], of which the first <paramref name="frames"/> of each clip hold sound → [clips, rows, encoder hidden], float32;
    /// clip i's E_o is its first <see cref="WhisperEncoder.Rows"/> rows.
    /// </summary>
    public Tensor Encode(Tensor features, IReadOnlyList<int> frames)
    {
        using DisposeScope scope = NewDisposeScope();
        return Encoder.Forward(features.to(this.Device), frames).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public EncoderOutput EncodeBlank(Modality modality)
    {
        Core.Config.Require(modality);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        AudioPreprocessorConfig config = preprocessor.Config;
        AudioClip silence = AudioClip.Silence(config.SamplingRate, Math.Min(config.ChunkSeconds, LongestBlankSeconds));
        return Outputs([preprocessor.Process(silence)])[0].MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Project(Tensor encoderOutput) => projector.Forward(encoderOutput.to(this.DType));

    /// <inheritdoc/>
    public void Dispose() => Core.Dispose();

    private EncoderOutput[] Outputs(IReadOnlyList<AudioFeatures> clips)
    {
        using DisposeScope scope = NewDisposeScope();
        int[] frames = [.. clips.Select(clip => clip.RealFrames)];
        Tensor states = Encode(stack([.. clips.Select(clip => tensor(clip.Values, [clip.MelBins, clip.Frames]))]), frames);
        return [.. frames.Select((count, i) =>
        {
            int rows = WhisperEncoder.Rows(count);
            return new EncoderOutput(states[i].narrow(0, 0, rows).clone(), MediaLayout.Of(rows, Modality.Audio)).MoveToOuterDisposeScope();
        })];
    }

    /// <summary>What the two files say of the window has to agree: the position table is made for it.</summary>
    private static AudioPreprocessor Preprocessor(string folder, ModelConfig config)
    {
        AudioPreprocessorConfig audio = AudioPreprocessorConfig.Read(folder);
        int frames = WhisperEncoder.WindowFrames(config.Audio!);
        if (audio.MelBins != config.Audio!.MelBins)
        {
            throw new SeaException($"{folder}: the preprocessor's feature_size is {audio.MelBins}, but num_mel_bins of config.json is {config.Audio.MelBins}.", "Use the preprocessor config that was published with the checkpoint.");
        }

        return audio.WindowFrames == frames
            ? new AudioPreprocessor(audio)
            : throw new SeaException(
                $"{folder}: the preprocessor makes {audio.WindowFrames} frames of {audio.ChunkSeconds} s, but max_source_positions of config.json asks for {frames}.", "Use the preprocessor config that was published with the checkpoint.");
    }
}
