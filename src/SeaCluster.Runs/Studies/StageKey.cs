using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Stages;

namespace SeaCluster.Runs.Studies;

/// <summary>What a stage's result depends on: two variants with equal keys need it done once.</summary>
internal static class StageKey
{
    private static readonly string[] Prepare = ["seed", "model.path", "data.path", "data.benign", "data.limit", "prepare", "synthesize.modality"];

    // Without data.limit: samples are compared one by one, and a sample does not depend on how many there are.
    private static readonly string[] Synthesize = [.. Prepare.Where(option => option != "data.limit"), "synthesize", "model.dtype"];

    /// <summary>The key; null for a stage that is never shared.</summary>
    public static string? Of(RunSpec spec, StageName stage) => stage switch
    {
        StageName.Prepare => Hash(spec, Prepare),
        // Fixed batches are composed of all samples, and kernels round differently for different batches.
        StageName.Synthesize => Hash(spec, spec.Synthesize.Deterministic ? [.. Synthesized(spec), "data.limit"] : Synthesized(spec)),
        StageName.Align => Hash(spec, [.. SynthesizeStage.NotNeeded(spec) is null ? Synthesized(spec) : Prepare, "data", "align", "model.dtype"]),
        _ => null,
    };

    /// <summary>What DPO's reference depends on; null where there is none.</summary>
    public static string? OfReference(RunSpec spec) => spec.Align.Method != AlignmentMethod.Dpo ? null
        : Hash(spec, [.. SynthesizeStage.NotNeeded(spec) is null ? Synthesized(spec) : Prepare, "data", "align.media", "model.dtype"]);

    /// <summary>What the base's answers depend on.</summary>
    public static string OfBase(RunSpec spec) => Hash(spec, ["seed", "model.path", "model.dtype", "evaluate", "synthesize.deterministic"]);

    private static string[] Synthesized(RunSpec spec) => SynthesizeStage.StartMediaOf(spec) is null ? Synthesize : [.. Synthesize, "data.benign_media"];

    private static string Hash(RunSpec spec, string[] options)
    {
        StringBuilder text = new();
        foreach (SpecEntry option in SpecSchema.Root.Options.Where(option => !option.Rules.Operational
            && options.Any(name => option.Path == name || option.Path.StartsWith(name + ".", StringComparison.Ordinal))))
        {
            text.Append(CultureInfo.InvariantCulture, $"{option.Path}={SpecWriter.Text(option, option.ValueIn(spec))}\n");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
