using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Prompts;
using SeaCluster.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models;

/// <summary>
/// One multimodal model on one device, split where SEA needs it: modality encoder M → encoder output E_o → projector P → language model.
/// </summary>
public interface IMultimodalModel : IDisposable
{
    /// <summary>Sizes, text and weights, which <see cref="MultimodalModelMembers"/> gives as the model's own, and the decoder around them.</summary>
    ModelCore Core { get; }

    /// <summary>The decoder.</summary>
    LanguageModel LanguageModel { get; }

    /// <summary>Size of the last dimension of an encoder output.</summary>
    int EncoderHidden { get; }

    /// <summary>Reads media and runs the encoder, in batches, without gradients: one encoder output each, in order.</summary>
    /// <param name="mediaPaths">Files of any modality that the model takes; what a file is, its content says.</param>
    /// <exception cref="SeaException">A file cannot be read, or is of a modality that the model does not take; the message names it and the reason.</exception>
    IReadOnlyList<EncoderOutput> Encode(IReadOnlyList<string> mediaPaths);

    /// <summary>Encoder output of the blank medium that the optimisation starts from: a white picture, a white video, or silence.</summary>
    /// <param name="modality">One that the model takes.</param>
    /// <exception cref="SeaException">The model does not take the modality.</exception>
    EncoderOutput EncodeBlank(Modality modality);

    /// <summary>P: [rows, encoder hidden], of one or more encoder outputs end to end → [media tokens, hidden], in the model's element type; differentiable.</summary>
    Tensor Project(Tensor encoderOutput);

    /// <summary>Reads one medium; see <see cref="Encode(IReadOnlyList{string})"/>.</summary>
    sealed EncoderOutput Encode(string mediaPath) => Encode([mediaPath])[0];
}

/// <summary>The core's parts as members of the model.</summary>
public static class MultimodalModelMembers
{
    extension(IMultimodalModel model)
    {
        /// <inheritdoc cref="ModelCore.Folder"/>
        public string Folder => model.Core.Folder;

        /// <inheritdoc cref="ModelCore.Config"/>
        public ModelConfig Config => model.Core.Config;

        /// <inheritdoc cref="ModelCore.Tokenizer"/>
        public Tokenizer Tokenizer => model.Core.Tokenizer;

        /// <inheritdoc cref="ModelCore.Prompts"/>
        public PromptFormat Prompts => model.Core.Prompts;

        /// <inheritdoc cref="ModelCore.Weights"/>
        public Weights Weights => model.Core.Weights;

        /// <summary>Where the model is.</summary>
        public Device Device => model.Core.Weights.Device;

        /// <summary>Element type of the weights.</summary>
        public ScalarType DType => model.Core.Weights.DType;
    }
}
