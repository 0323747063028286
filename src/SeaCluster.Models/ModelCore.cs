using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Prompts;
using SeaCluster.Models.Safetensors;
using SeaCluster.Models.Tokenization;
using static TorchSharp.torch;

namespace SeaCluster.Models;

/// <summary>What is alike in every family: the checkpoint's sizes, text and decoder, and the weights, which it owns. Encoder and projector are the family's.</summary>
public sealed class ModelCore : IDisposable
{
    private readonly Tokenizer? tokenizer;
    private readonly PromptFormat? prompts;

    private ModelCore(string folder, ModelConfig config, Weights weights, Tokenizer? tokenizer)
    {
        Folder = folder;
        Config = config;
        Weights = weights;
        LanguageModel = new LanguageModel(config.Text, weights);
        this.tokenizer = tokenizer;
        prompts = tokenizer is null ? null : PromptFormat.For(config, tokenizer, folder);
    }

    /// <summary>The checkpoint's folder.</summary>
    public string Folder { get; }

    /// <summary>Sizes.</summary>
    public ModelConfig Config { get; }

    /// <summary>All tensors by canonical name.</summary>
    public Weights Weights { get; }

    /// <summary>The decoder.</summary>
    public LanguageModel LanguageModel { get; }

    /// <summary>Text to tokens and back.</summary>
    /// <exception cref="InvalidOperationException">The model was made without.</exception>
    public Tokenizer Tokenizer => tokenizer ?? throw new InvalidOperationException($"{Folder} has no tokenizer.");

    /// <summary>Questions and answers to tokens and labels.</summary>
    /// <exception cref="InvalidOperationException">The model was made without.</exception>
    public PromptFormat Prompts => prompts ?? throw new InvalidOperationException($"{Folder} has no prompt format.");

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="folder">In the Hugging Face layout.</param>
    /// <param name="config">Its sizes.</param>
    /// <param name="canonical">A tensor's name in the checkpoint → its canonical name.</param>
    /// <param name="shapes">Canonical names and shapes of the family's tensors.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where to.</param>
    /// <exception cref="SeaException">Something in the folder is missing or wrong; the message names it.</exception>
    public static ModelCore Load(
        string folder, ModelConfig config, Func<string, string> canonical, IReadOnlyList<(string Name, long[] Shape)> shapes, ScalarType dtype, Device device)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        return new ModelCore(folder, config, Weights.Load(checkpoint, canonical, shapes, dtype, device), tokenizer);
    }

    /// <summary>Around weights that were made elsewhere; the folder gives the tokenizer.</summary>
    public static ModelCore Around(string folder, ModelConfig config, Weights weights) => new(folder, config, weights, Tokenizer.Load(folder));

    /// <summary>Around weights alone, without any text.</summary>
    public static ModelCore Bare(string name, ModelConfig config, Weights weights) => new(name, config, weights, null);

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
