using SeaCluster.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Adapters;

/// <summary>
/// Low-rank updates attached to linear layers of a language model: A [rank, in], B [out, rank], float32, owned by this object. The model
/// computes with them until it is disposed.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    private readonly List<Linear> modules = [];
    private bool enabled = true;

    private LoraAdapter(LoraConfig config) => Config = config;

    /// <summary>Rank, scale and targets.</summary>
    public LoraConfig Config { get; }

    /// <summary>The layers that have an update, in the order of the model.</summary>
    public IReadOnlyList<Linear> Modules => modules;

    /// <summary>Off: the model is the base model, which is the reference of DPO and Eraser.</summary>
    public bool Enabled
    {
        get => enabled;
        set
        {
            enabled = value;
            modules.ForEach(module => module.Update!.Enabled = value);
        }
    }

    /// <summary>A and B of every layer, by canonical name: <c>language_model.layers.0.self_attn.q_proj.lora_A.weight</c>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters =>
        modules.SelectMany(module => new[] { (module.Name + ".lora_A.weight", module.Update!.A), (module.Name + ".lora_B.weight", module.Update!.B) });

    /// <summary>A new adapter: A Kaiming-uniform with a = √5, that is uniform within ±1/√in; B zero, so that the model is unchanged.</summary>
    /// <param name="model">Gets the updates.</param>
    /// <param name="config">Shape and targets.</param>
    /// <param name="seed">A layer's A depends on it and on the layer's name alone.</param>
    /// <exception cref="SeaException">No layer is meant, or a layer has an update already.</exception>
    public static LoraAdapter Attach(LanguageModel model, LoraConfig config, long seed)
    {
        Device device = model.Weights.Device;
        return Attach(model, config, linear =>
        {
            using DisposeScope scope = NewDisposeScope();
            float bound = (float)(1 / Math.Sqrt(linear.In));
            ulong state = unchecked((ulong)seed) ^ Hash(linear.Name);
            float[] a = new float[config.Rank * linear.In];
            for (int i = 0; i < a.Length; i++)
            {
                a[i] = ((Draw(ref state) * 2) - 1) * bound;
            }

            return (tensor(a, [config.Rank, linear.In]).to(device).MoveToOuterDisposeScope(),
                zeros([linear.Out, config.Rank], ScalarType.Float32, device).MoveToOuterDisposeScope());
        });
    }

    /// <summary>An adapter with given tensors, which it takes over.</summary>
    internal static LoraAdapter Attach(LanguageModel model, LoraConfig config, Func<Linear, (Tensor A, Tensor B)> make)
    {
        if (config.Rank < 1)
        {
            throw new SeaException($"LoRA rank must be at least 1, found {config.Rank}.");
        }

        LoraAdapter adapter = new(config);
        try
        {
            foreach (Linear linear in model.Linears.Where(linear => config.Targets.Match(linear.Name)))
            {
                if (linear.Update is not null)
                {
                    throw new SeaException($"Layer '{linear.Name}' has an adapter already.", "Dispose of the first adapter, or merge it into the checkpoint.");
                }

                (Tensor a, Tensor b) = make(linear);
                linear.Update = new LowRankUpdate(a.DetachFromDisposeScope(), b.DetachFromDisposeScope(), config.Scale);
                adapter.modules.Add(linear);
            }

            return adapter.modules.Count > 0
                ? adapter
                : throw new SeaException(
                    $"LoRA targets '{config.Targets}' match none of the language model's layers.", $"A layer's name is '{model.Linears.First().Name}'.");
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>Computes as the base model until the result is disposed.</summary>
    public IDisposable Disabled()
    {
        bool before = Enabled;
        Enabled = false;
        return new Restore(() => Enabled = before);
    }

    /// <summary>Detaches the updates from the model and frees them.</summary>
    public void Dispose()
    {
        foreach (Linear module in modules)
        {
            module.Update!.A.Dispose();
            module.Update.B.Dispose();
            module.Update = null;
        }

        modules.Clear();
    }

    // FNV-1a, so that a layer keeps its start whichever other layers are targeted.
    private static ulong Hash(string name) => name.Aggregate(14695981039346656037UL, (hash, c) => unchecked((hash ^ c) * 1099511628211UL));

    // SplitMix64, the upper 24 bits as a float in [0, 1).
    private static float Draw(ref ulong state)
    {
        ulong z = unchecked(state += 0x9E3779B97F4A7C15);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return ((z ^ (z >> 31)) >> 40) * (1f / (1 << 24));
    }

    private sealed class Restore(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
