using System.Globalization;
using SeaCluster.Models;
using SeaCluster.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>
/// An interrupted training on the disk: one safetensors file with <c>parameter/</c>, <c>mean/</c>, <c>square/</c> and where needed <c>master/</c> tensors, and the
/// step number and the tokens trained on in its metadata. One file, so that it is never half old and half new.
/// </summary>
internal static class TrainingCheckpoint
{
    private const string Format = "seacluster.training.1";

    public static void Write(string path, AdamW optimizer, TrainingOptions options, IObjective objective, long tokens)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        SafetensorsWriter.Write(path, [.. optimizer.State.Select(entry => (entry.Name, entry.Tensor.detach().cpu()))], new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = Format,
            ["step"] = optimizer.Steps.ToString(CultureInfo.InvariantCulture),
            ["tokens"] = tokens.ToString(CultureInfo.InvariantCulture),
            ["options"] = Describe(options),
            ["objective"] = objective.Fingerprint,
        });
    }

    /// <returns>Tokens trained on so far.</returns>
    public static long Read(string path, AdamW optimizer, TrainingOptions options, IObjective objective)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        string? format = file.Metadata.GetValueOrDefault("format");
        if (format != Format)
        {
            throw new SeaException($"{path}: not a training checkpoint: metadata 'format' is '{format ?? "absent"}', expected '{Format}'.");
        }

        Same("options", Describe(options));
        Same("objective", objective.Fingerprint);
        long step = Number("step", int.MaxValue), tokens = Number("tokens", long.MaxValue);
        optimizer.Restore(file, (int)step);
        return tokens;

        long Number(string key, long most) => long.TryParse(file.Metadata.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= most
            ? number
            : throw new SeaException($"{path}: metadata '{key}' is '{file.Metadata.GetValueOrDefault(key)}', expected a number.");

        void Same(string key, string expected)
        {
            string? found = file.Metadata.GetValueOrDefault(key);
            if (found != expected)
            {
                throw new SeaException(
                    $"{path}: was written with {key} '{found ?? "absent"}', this training has '{expected}'.", "Start the training anew, in another folder, or go on with the data and options it began with.");
            }
        }
    }

    private static string Describe(TrainingOptions o) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(o.Lora is { } l ? $"lora r={l.Rank} alpha={l.Alpha} rslora={l.RankStabilised} targets={l.Targets}" : "full")} steps={o.Steps} lr={o.LearningRate} warmup={o.WarmUp} schedule={o.Schedule} floor={o.Floor} decay={o.WeightDecay} betas={o.Beta1},{o.Beta2} eps={o.Epsilon} clip={o.MaxGradNorm} seed={o.Seed}");
}
