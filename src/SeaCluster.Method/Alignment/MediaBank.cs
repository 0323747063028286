using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SeaCluster.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>
/// The encoder outputs that rows name, behind the frozen projector: alignment changes the language model alone, so each is projected once
/// and kept, as long as the kept ones fit the limit.
/// </summary>
public sealed class MediaBank : IDisposable
{
    private readonly Dictionary<string, Tensor> kept = new(StringComparer.Ordinal);
    private readonly IMultimodalModel model;
    private readonly Func<string, Tensor> load;
    private long free;

    /// <param name="model">Its projector is used.</param>
    /// <param name="load">Gives E_o [rows, encoder hidden] by name; what it makes inside the current dispose scope is freed with it.</param>
    /// <param name="cacheBytes">Most bytes of projected media to keep.</param>
    public MediaBank(IMultimodalModel model, Func<string, Tensor> load, long cacheBytes = 1L << 30)
    {
        this.model = model;
        this.load = load;
        free = cacheBytes;
    }

    /// <summary>A bank of encoder outputs in memory, borrowed.</summary>
    public static MediaBank Of(IMultimodalModel model, IReadOnlyDictionary<string, EncoderOutput> outputs) => new(model, name =>
        outputs.TryGetValue(name, out EncoderOutput? output) ? output.Values : throw new SeaException($"A row names the medium '{name}', which is not among the {outputs.Count} encoder outputs."));

    /// <summary>P(E_o) [media tokens, hidden], without a gradient: kept by the bank, or freed with the current dispose scope.</summary>
    public Tensor Projected(string name)
    {
        if (kept.TryGetValue(name, out Tensor? known))
        {
            return known;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor projected = model.Project(load(name).to(model.Device)).detach();
        long bytes = projected.numel() * projected.element_size();
        if (bytes > free)
        {
            return projected.MoveToOuterDisposeScope();
        }

        free -= bytes;
        return kept[name] = projected.clone().DetachFromDisposeScope();
    }

    /// <summary>Hash of an encoder output's values.</summary>
    internal string Digest(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        using Tensor values = load(name).detach().to(ScalarType.Float32).cpu().contiguous().clone();
        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(values.data<float>().ToArray())));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in kept.Values)
        {
            tensor.Dispose();
        }

        kept.Clear();
    }
}
