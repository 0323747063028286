using System.Text.RegularExpressions;
using SeaCluster.Models.Layers;
using SeaCluster.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Adapters;

/// <summary>
/// Adapters on the disk in the layout of PEFT, which PEFT and vLLM load: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c> with
/// keys <c>base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight</c>.
/// </summary>
public static partial class PeftAdapter
{
    /// <summary>The tensors of an adapter folder.</summary>
    public const string WeightsFile = "adapter_model.safetensors";

    private const string Prefix = "base_model.model.model.";

    /// <summary>
    /// Writes an attached adapter, reads it back, and checks that the model answers differently with it than without it: a server that
    /// finds no tensor for a layer goes on silently with the base model.
    /// </summary>
    /// <param name="adapter">Attached to <paramref name="model"/>.</param>
    /// <param name="model">The base model.</param>
    /// <param name="folder">Created where it does not exist.</param>
    /// <returns>How far the adapter moves the logits of a probe.</returns>
    /// <exception cref="SeaException">The adapter changes nothing, or what was read back differs from what was trained.</exception>
    public static AdapterEffect Save(LoraAdapter adapter, IMultimodalModel model, string folder)
    {
        Directory.CreateDirectory(folder);
        Write(adapter, model.LanguageModel, folder, Path.GetFullPath(model.Folder));
        return AdapterEffect.Check(adapter, model, folder);
    }

    /// <summary>Reads an adapter folder and attaches it to the model. The caller disposes of it.</summary>
    /// <exception cref="SeaException">A key, a shape or an option does not fit the model; the message names it.</exception>
    public static LoraAdapter Load(LanguageModel model, string folder)
    {
        LoraConfig config = ReadConfig(folder);
        using SafetensorsFile file = Open(folder);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Dictionary<string, (string? A, string? B)> keys = KeysByModule(file, model);
        LoraConfig exact = config with { Targets = LoraTargets.Pattern(string.Join('|', keys.Keys.Select(Regex.Escape))) };
        return LoraAdapter.Attach(model, exact, linear =>
        {
            (string? a, string? b) = keys[linear.Name];
            return (Read(file, a, linear.Name + ".lora_A", [config.Rank, linear.In], model), Read(file, b, linear.Name + ".lora_B", [linear.Out, config.Rank], model));
        });
    }

    /// <summary>Rank and scale of an adapter folder, without its tensors.</summary>
    public static LoraConfig ReadConfig(string folder)
    {
        string path = Path.Combine(folder, PeftConfigFile.Name);
        return File.Exists(path)
            ? PeftConfigFile.Read(path)
            : throw new SeaException($"{folder}: no {PeftConfigFile.Name}.", "An adapter folder holds adapter_config.json and adapter_model.safetensors.");
    }

    internal static void Write(LoraAdapter adapter, LanguageModel model, string folder, string? baseModel)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        SafetensorsWriter.Write(
            Path.Combine(folder, WeightsFile),
            [.. adapter.Parameters.Select(parameter => (Prefix + parameter.Name, parameter.Tensor.detach().cpu()))],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" });
        PeftConfigFile.Write(
            Path.Combine(folder, PeftConfigFile.Name), adapter.Config, [.. adapter.Modules.Select(module => module.Name)], model.Config.Layers, baseModel);
    }

    /// <summary>Opens the tensors of an adapter folder.</summary>
    internal static SafetensorsFile Open(string folder)
    {
        string path = Path.Combine(folder, WeightsFile);
        return File.Exists(path)
            ? SafetensorsFile.Open(path)
            : throw new SeaException(
                $"{folder}: no {WeightsFile}.",
                File.Exists(Path.Combine(folder, "adapter_model.bin")) ? "Convert adapter_model.bin to safetensors; pickles are not read." : "Point to the folder that PEFT wrote.");
    }

    /// <summary>
    /// A key of any layout in use → canonical module and matrix: with or without <c>base_model.model.</c>, with the adapter's name before
    /// <c>.weight</c>, and with the older <c>language_model.model.layers</c> or bare <c>model.layers</c>.
    /// </summary>
    internal static (string Module, char Matrix)? Parse(string key)
    {
        Match match = Key().Match(key);
        return match.Success ? ($"language_model.layers.{match.Groups["tail"].Value}", match.Groups["matrix"].Value[0]) : null;
    }

    private static Dictionary<string, (string? A, string? B)> KeysByModule(SafetensorsFile file, LanguageModel model)
    {
        HashSet<string> known = [.. model.Linears.Select(linear => linear.Name)];
        Dictionary<string, (string? A, string? B)> modules = new(StringComparer.Ordinal);
        foreach (string key in file.Names)
        {
            if (Parse(key) is not var (module, matrix) || !known.Contains(module))
            {
                throw new SeaException(
                    $"{file.Path}: key '{key}' fits no layer of the language model.",
                    $"Expected keys such as '{Prefix}{known.First()}.lora_A.weight', with layers 0 to {model.Config.Layers - 1}.");
            }

            (string? a, string? b) = modules.GetValueOrDefault(module);
            if ((matrix == 'A' ? a : b) is { } other)
            {
                throw new SeaException($"{file.Path}: keys '{other}' and '{key}' are the same matrix.");
            }

            modules[module] = matrix == 'A' ? (key, b) : (a, key);
        }

        return modules.Count > 0 ? modules : throw new SeaException($"{file.Path}: holds no tensor.");
    }

    private static Tensor Read(SafetensorsFile file, string? key, string name, long[] shape, LanguageModel model)
    {
        if (key is null)
        {
            throw new SeaException($"{file.Path}: no key for '{name}', though its other matrix is there.");
        }

        long[] found = file.Info(key).Shape;
        return found.AsSpan().SequenceEqual(shape)
            ? file.Load(key, ScalarType.Float32, model.Weights.Device)
            : throw new SeaException(
                $"{file.Path}: key '{key}' has shape [{string.Join(", ", found)}], expected [{string.Join(", ", shape)}] from {PeftConfigFile.Name} and the model.",
                "The adapter is of another model or rank.");
    }

    [GeneratedRegex(
        @"^(?:base_model\.model\.)?(?:model\.language_model\.|language_model\.model\.|language_model\.|model\.)layers\.(?<tail>\d+\..+)\.lora_(?<matrix>[AB])(?:\.[^.]+)?\.weight$",
        RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Key();
}
