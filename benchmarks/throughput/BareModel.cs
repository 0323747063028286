using SeaCluster.Models;
using SeaCluster.Models.Configuration;
using SeaCluster.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Throughput;

/// <summary>Projector and language model with random weights: what the synthesis runs through, without an encoder or a tokenizer.</summary>
internal sealed class BareModel : IMultimodalModel
{
    private readonly Linear first;
    private readonly Linear second;

    public BareModel(ThroughputConfig size, ScalarType dtype, Device device, int seed)
    {
        TextConfig text = new()
        {
            ModelType = "llama",
            HiddenSize = size.Hidden,
            IntermediateSize = size.Ffn,
            Layers = size.Layers,
            Heads = size.Heads,
            KvHeads = size.KvHeads,
            HeadDim = size.Hidden / size.Heads,
            VocabSize = size.Vocab,
            RmsNormEps = 1e-5,
            RopeTheta = 10000,
            Tied = false,
            AttentionBias = false,
            AttentionOutputBias = false,
            MlpBias = false,
            MaxPositions = 4096,
            EosTokenIds = [2],
        };
        ModelConfig config = new()
        {
            File = size.Name,
            Family = ModelFamily.Llava,
            Text = text,
            MediaTokenId = 4,
            Vision = new VisionConfig
            {
                HiddenSize = size.Enc,
                IntermediateSize = size.Enc,
                Layers = 1,
                Heads = 1,
                ImageSize = 14,
                PatchSize = 14,
                Channels = 3,
                Activation = "quick_gelu",
                LayerNormEps = 1e-5,
                TemporalPatchSize = 1,
                MergeSize = 1,
                RopeTheta = 10000,
            },
        };
        using Generator generator = new((ulong)seed, device: CPU);
        Weights weights = Weights.Create([.. Shapes(size, text)], Draw, dtype, device);
        Core = ModelCore.Bare(size.Name, config, weights);
        first = new Linear(weights, "multi_modal_projector.linear_1");
        second = new Linear(weights, "multi_modal_projector.linear_2");

        Tensor Draw(string name, long[] shape) =>
            name.EndsWith("bias", StringComparison.Ordinal) ? zeros(shape)
            : shape.Length == 1 ? ones(shape)
            : randn(shape, generator: generator) * (1 / Math.Sqrt(shape[^1]));
    }

    public ModelCore Core { get; }

    public LanguageModel LanguageModel => Core.LanguageModel;

    public int EncoderHidden => Core.Config.Vision!.HiddenSize;

    public IReadOnlyList<EncoderOutput> Encode(IReadOnlyList<string> mediaPaths) => throw new InvalidOperationException("The benchmark's model has no encoder.");

    public EncoderOutput EncodeBlank(Modality modality) => throw new InvalidOperationException("The benchmark's model has no encoder.");

    public Tensor Project(Tensor encoderOutput)
    {
        using DisposeScope scope = NewDisposeScope();
        return second.Forward(nn.functional.gelu(first.Forward(encoderOutput.to(this.DType)))).MoveToOuterDisposeScope();
    }

    public void Dispose() => Core.Dispose();

    private static IEnumerable<(string Name, long[] Shape)> Shapes(ThroughputConfig size, TextConfig text) =>
    [
        .. LanguageModel.Shapes(text),
        ("multi_modal_projector.linear_1.weight", [size.Hidden, size.Enc]),
        ("multi_modal_projector.linear_1.bias", [size.Hidden]),
        ("multi_modal_projector.linear_2.weight", [size.Hidden, size.Hidden]),
        ("multi_modal_projector.linear_2.bias", [size.Hidden]),
    ];
}
