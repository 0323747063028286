using SeaCluster.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Layers;

/// <summary>
/// The tensors of one model by canonical name (<c>language_model.layers.0.mlp.up_proj.weight</c>), whatever names its checkpoint used.
/// Owns them.
/// </summary>
public sealed class Weights : IDisposable
{
    private readonly Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> sourceNames = new(StringComparer.Ordinal);

    private Weights(Device device, ScalarType dtype)
    {
        Device = device;
        DType = dtype;
    }

    /// <summary>Where all tensors are.</summary>
    public Device Device { get; }

    /// <summary>The element type of all tensors.</summary>
    public ScalarType DType { get; }

    /// <summary>Canonical names, in order.</summary>
    public IEnumerable<string> Names => tensors.Keys.Order(StringComparer.Ordinal);

    /// <summary>The tensor of that canonical name.</summary>
    /// <exception cref="SeaException">There is none.</exception>
    public Tensor this[string name] =>
        tensors.TryGetValue(name, out Tensor? tensor) ? tensor : throw new SeaException($"The model has no tensor '{name}'.");

    /// <summary>The tensor of that canonical name, or null.</summary>
    public Tensor? Find(string name) => tensors.GetValueOrDefault(name);

    /// <summary>The name that the checkpoint used for a canonical name.</summary>
    public string SourceName(string name) => sourceNames[name];

    /// <summary>Reads every tensor of <paramref name="shapes"/> from a checkpoint, in one element type on one device.</summary>
    /// <param name="checkpoint">The folder that was opened.</param>
    /// <param name="canonical">Source name to canonical name.</param>
    /// <param name="shapes">What the configuration asks for.</param>
    /// <param name="dtype">The element type to convert to.</param>
    /// <param name="device">The device to hold them.</param>
    /// <exception cref="SeaException">A tensor is missing, or has another shape; the message names it.</exception>
    public static Weights Load(
        Checkpoint checkpoint, Func<string, string> canonical, IReadOnlyList<(string Name, long[] Shape)> shapes, ScalarType dtype, Device device)
    {
        Dictionary<string, string> sources = new(StringComparer.Ordinal);
        foreach (string name in checkpoint.Names)
        {
            string key = canonical(name);
            if (!sources.TryAdd(key, name))
            {
                throw new SeaException($"{checkpoint.Path}: tensors '{sources[key]}' and '{name}' are the same weight in two layouts.");
            }
        }

        Weights weights = new(device, dtype);
        try
        {
            foreach ((string name, long[] shape) in shapes)
            {
                if (!sources.TryGetValue(name, out string? source))
                {
                    throw new SeaException(
                        $"{checkpoint.Path}: no tensor for '{name}' of shape [{string.Join(", ", shape)}], which config.json asks for.",
                        Nearest(name, sources.Keys) is { } near ? $"The nearest name in the checkpoint is '{sources[near]}'." : null);
                }

                long[] found = checkpoint.Info(source).Shape.ToArray();
                if (!found.AsSpan().SequenceEqual(shape))
                {
                    throw new SeaException(
                        $"{checkpoint.Path}: tensor '{source}' has shape [{string.Join(", ", found)}], but config.json asks for [{string.Join(", ", shape)}].");
                }

                weights.Add(name, source, checkpoint.Load(source, dtype, device));
            }
        }
        catch
        {
            weights.Dispose();
            throw;
        }

        return weights;
    }

    /// <summary>Makes every tensor of <paramref name="shapes"/> anew, for training from scratch or for measuring speed.</summary>
    /// <param name="shapes">Canonical names and shapes.</param>
    /// <param name="make">Gives the values of one tensor; the result is detached and kept.</param>
    /// <param name="dtype">The element type to convert to.</param>
    /// <param name="device">The device to hold them.</param>
    public static Weights Create(IReadOnlyList<(string Name, long[] Shape)> shapes, Func<string, long[], Tensor> make, ScalarType dtype, Device device)
    {
        Weights weights = new(device, dtype);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        foreach ((string name, long[] shape) in shapes)
        {
            weights.Add(name, name, make(name, shape).to(dtype, device).clone());
        }

        return weights;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in tensors.Values)
        {
            tensor.Dispose();
        }

        tensors.Clear();
    }

    private static string? Nearest(string name, IEnumerable<string> candidates)
    {
        string tail = name[(name.LastIndexOf('.', name.Length - 8) + 1)..];
        return candidates.Where(candidate => candidate.EndsWith(tail, StringComparison.Ordinal)).Order(StringComparer.Ordinal).FirstOrDefault();
    }

    private void Add(string name, string source, Tensor tensor)
    {
        tensors.Add(name, tensor.DetachFromDisposeScope());
        sourceNames.Add(name, source);
    }
}
