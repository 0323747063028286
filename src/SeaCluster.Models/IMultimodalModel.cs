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
    /// <summary>The checkpoint's folder.</summary>
    string Folder { get; }

    /// <summary>Sizes.</summary>
    ModelConfig Config { get; }

    /// <summary>Text to tokens and back.</summary>
    Tokenizer Tokenizer { get; }

    /// <summary>Questions and answers to tokens and labels.</summary>
    PromptFormat Prompts { get; }

    /// <summary>The decoder.</summary>
    LanguageModel LanguageModel { get; }

    /// <summary>All tensors by canonical name.</summary>
    Weights Weights { get; }

    /// <summary>Where it is.</summary>
    Device Device { get; }

    /// <summary>Element type of the weights.</summary>
    ScalarType DType { get; }

    /// <summary>Size of the last dimension of an encoder output.</summary>
    int EncoderHidden { get; }

    /// <summary>Reads a medium and runs the encoder: E_o [tokens, encoder hidden], float32.</summary>
    /// <exception cref="SeaException">The file cannot be read; the message names it and the reason.</exception>
    Tensor Encode(string mediaPath);

    /// <summary>The same for many media, in batches, without gradients: one [tokens, encoder hidden] each, in order.</summary>
    IReadOnlyList<Tensor> Encode(IReadOnlyList<string> mediaPaths);

    /// <summary>E_o of the blank medium that the optimisation starts from, [tokens, encoder hidden], float32.</summary>
    Tensor EncodeBlank();

    /// <summary>P: [tokens, encoder hidden] → [media tokens, hidden], in the model's element type; differentiable.</summary>
    Tensor Project(Tensor encoderOutput);

    /// <summary>How many placeholder tokens an encoder output of that many rows takes in a prompt.</summary>
    int MediaTokens(long encoderRows);
}
