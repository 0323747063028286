using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Adapters;

/// <summary>How far an adapter moves a model, measured on the logits of a fixed probe.</summary>
/// <param name="FromBase">Largest difference between the model with the adapter that was read back and without it.</param>
/// <param name="FromTrained">Largest difference between the adapter that was read back and the one in memory.</param>
public sealed record AdapterEffect(double FromBase, double FromTrained)
{
    private const int ProbeTokens = 16;

    /// <summary>Reads a written adapter back in place of the attached one, compares, and puts the attached one back.</summary>
    internal static AdapterEffect Check(LoraAdapter adapter, IMultimodalModel model, string folder)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        int vocabulary = model.Config.Text.VocabSize;
        int[] ids = [.. Enumerable.Range(0, ProbeTokens).Select(i => (int)((i + 1L) * vocabulary / (ProbeTokens + 1)))];
        using PackedBatch probe = new(model, [PackedSequence.Of(new EncodedPrompt { Text = "", Ids = ids, Labels = [.. ids.Select(_ => EncodedPrompt.NoLabel)], MediaSpans = [], PromptLength = ids.Length })]);
        Tensor trained = probe.Logits(null), off, back;
        using (adapter.Disabled())
        {
            off = probe.Logits(null);
        }

        Layers.LowRankUpdate?[] attached = [.. adapter.Modules.Select(module => module.Update)];
        foreach (Layers.Linear module in adapter.Modules)
        {
            module.Update = null;
        }

        try
        {
            using LoraAdapter written = PeftAdapter.Load(model.LanguageModel, folder);
            back = probe.Logits(null);
        }
        finally
        {
            foreach ((Layers.Linear module, Layers.LowRankUpdate? update) in adapter.Modules.Zip(attached))
            {
                module.Update = update;
            }
        }

        AdapterEffect effect = new(Largest(back, off), Largest(back, trained));
        string path = Path.Combine(folder, PeftAdapter.WeightsFile);
        return effect.FromTrained == 0 && effect.FromBase > 0 ? effect
            : effect.FromBase > 0 ? throw new SeaException($"{path}: read back, the adapter's logits differ by {effect.FromTrained:G3} from those in memory.", "The disk may be full or failing; write it again.")
            : throw new SeaException($"{path}: the adapter changes no logit of the model.", "It was not trained: its B matrices are zero, or the learning rate is.");
    }

    private static double Largest(Tensor a, Tensor b) => (a - b).abs().max().to(ScalarType.Float32).item<float>();
}
