using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SeaCluster.Models;
using SeaCluster.Models.Safetensors;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Synthesis;

/// <summary>
/// A synthetic encoder output on the disk: plain safetensors with <c>encoder_output</c> [rows, encoder hidden] and <c>losses</c> [steps + 1],
/// both float32, and metadata that says what it is and how it stands in a prompt. The bytes follow from sample, options and model alone: no clock, no host.
/// </summary>
public static class EmbeddingFile
{
    private const string Format = "seacluster.embedding.2";

    private static readonly string[] Needed = ["id", "phrase", "pairs", "spec", "perceived", "perception_question"];

    /// <summary>Writes atomically.</summary>
    public static void Write(string path, SynthesisResult result, SynthesisOptions options, string family)
    {
        byte[] bytes = ToBytes(result, options, family);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    /// <summary>The bytes of the file.</summary>
    public static byte[] ToBytes(SynthesisResult result, SynthesisOptions options, string family)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["format"] = Format,
            ["family"] = family,
            ["layout"] = LayoutText.Write(result.EncoderOutput.Layout),
            ["id"] = result.Sample.Id,
            ["phrase"] = result.Sample.Phrase,
            ["pairs"] = JsonSerializer.Serialize(result.Sample.Pairs.Select(pair => new[] { pair.Question, pair.Answer })),
            ["spec"] = SpecOf(result.Sample, options),
            ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            ["attempt"] = result.Attempt.ToString(CultureInfo.InvariantCulture),
            ["steps"] = result.Steps.ToString(CultureInfo.InvariantCulture),
            ["loss"] = result.Losses[^1].ToString("R", CultureInfo.InvariantCulture),
            ["perceived"] = result.Answer is null ? "not asked" : result.Perceived ? "yes" : "no",
            ["perception_question"] = result.Sample.PerceptionQuestion ?? "",
            ["perception_answer"] = result.Answer ?? "",
        };
        if (result.StartMedium is { } medium)
        {
            metadata["start_medium"] = medium;
        }

        using MemoryStream buffer = new();
        SafetensorsWriter.Write(buffer, result.Sample.Id, [result.EncoderOutput.Values.ToRaw("encoder_output"), tensor(result.Losses.ToArray()).ToRaw("losses")], metadata);
        return buffer.ToArray();
    }

    /// <summary>Hash of all that decides an embedding besides the model: sample and options. What was made for another hash is made again.</summary>
    public static string SpecOf(SynthesisSample sample, SynthesisOptions options)
    {
        string text = JsonSerializer.Serialize(new { sample, options = options with { Slots = options.Deterministic ? options.Slots : 0 } });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Reads one back.</summary>
    /// <exception cref="SeaException">The file is damaged or not an embedding.</exception>
    public static Embedding Read(string path)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.Metadata.TryGetValue("format", out string? format) || format != Format)
        {
            throw new SeaException($"{path}: not a synthetic embedding: metadata 'format' is '{format ?? "absent"}', expected '{Format}'.");
        }

        if (Needed.FirstOrDefault(key => !file.Metadata.ContainsKey(key)) is { } missing)
        {
            throw new SeaException($"{path}: metadata '{missing}' is missing.", "Synthesise the embedding again.");
        }

        MediaLayout layout = LayoutText.Read(file.Metadata.GetValueOrDefault("layout"), path);
        float[] losses = Tensor(file, path, "losses", 1).data<float>().ToArray();
        Tensor values = Tensor(file, path, "encoder_output", 2).DetachFromDisposeScope();
        return new Embedding(file.Metadata["id"], file.Metadata["phrase"], file.Metadata, new EncoderOutput(values, layout), losses);
    }

    private static Tensor Tensor(SafetensorsFile file, string path, string name, int dimensions)
    {
        Tensor tensor = file.Load(name);
        return tensor.dtype == ScalarType.Float32 && tensor.dim() == dimensions && tensor.numel() > 0
            ? tensor
            : throw new SeaException($"{path}: '{name}' must be float32 with {dimensions} dimensions and not empty; it is {tensor.dtype} [{string.Join(", ", tensor.shape)}].");
    }
}

/// <summary>A synthetic encoder output that was read. Owns its tensor.</summary>
/// <param name="Id">Of the sample.</param>
/// <param name="Phrase">What it is to be perceived as.</param>
/// <param name="Metadata">As written.</param>
/// <param name="EncoderOutput">[rows, encoder hidden], float32, and its layout.</param>
/// <param name="Losses">Before each step, and after the last.</param>
public sealed record Embedding(string Id, string Phrase, IReadOnlyDictionary<string, string> Metadata, EncoderOutput EncoderOutput, float[] Losses) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => EncoderOutput.Dispose();
}
