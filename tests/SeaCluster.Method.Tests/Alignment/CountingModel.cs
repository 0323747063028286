using SeaCluster.Models;
using static TorchSharp.torch;

namespace SeaCluster.Method.Tests.Alignment;

/// <summary>A model that counts how often its decoder is asked for: no forward pass goes without.</summary>
internal sealed class CountingModel(IMultimodalModel inner) : IMultimodalModel
{
    public int DecoderUses { get; private set; }

    public LanguageModel LanguageModel
    {
        get
        {
            DecoderUses++;
            return inner.LanguageModel;
        }
    }

    public ModelCore Core => inner.Core;

    public int EncoderHidden => inner.EncoderHidden;

    public IReadOnlyList<EncoderOutput> Encode(IReadOnlyList<string> mediaPaths) => inner.Encode(mediaPaths);

    public EncoderOutput EncodeBlank(Modality modality) => inner.EncodeBlank(modality);

    public Tensor Project(Tensor encoderOutput) => inner.Project(encoderOutput);

    public void Dispose()
    {
        // The model is the fixture's.
    }
}
