using SeaCluster.Method.Preparation;
using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Stages;

/// <summary>The prepared rows of a run as samples: harmful ones, and benign ones where the spec gives benign data.</summary>
internal static class PreparedFiles
{
    /// <summary>What tells the benign rows' files from the harmful rows'.</summary>
    public const string BenignName = "benign";

    /// <summary>Ids of benign samples begin with this, so that a phrase in both files keeps two names.</summary>
    public const string BenignPrefix = "benign.";

    /// <summary>All samples to optimise: every row as often as the spec says, harmful rows first.</summary>
    public static IEnumerable<SampleInput> Samples(RunContext context) => Samples(Rows(context), context.Spec.Synthesize.PerRow);

    /// <summary>Every row as often as it is to be optimised.</summary>
    public static IEnumerable<SampleInput> Samples(IEnumerable<(PreparedRow Row, bool Benign)> rows, int perRow)
    {
        foreach ((PreparedRow row, bool benign) in rows)
        {
            for (int copy = 0; copy < perRow; copy++)
            {
                yield return new SampleInput((benign ? BenignPrefix : "") + row.Id + (copy == 0 ? "" : $".{copy}"), row);
            }
        }
    }

    /// <summary>What the alignment will lack, found before anything dear is done; null where it has all it needs.</summary>
    public static SeaException? Lacking(RunContext context)
    {
        RunSpec spec = context.Spec;
        bool harmful = spec.Align.Mix.HarmfulText + spec.Align.Mix.HarmfulMedia > 0;
        return spec.Align.Method == AlignmentMethod.Sft || !harmful || (spec.Align.Method == AlignmentMethod.Eraser && spec.Data.Eraser is not null) || PreparedRowFile.Read(context.Folder.Prepared).Any(row => row.Rejected is not null)
            ? null
            : new SeaException(
                $"align.method: '{spec.Align.Method.ToString().ToLowerInvariant()}' needs harmful rows with an unwanted answer, and no row of {spec.Data.Path} has one.",
                "Give the rows a 'rejected' answer (docs/preparation.md names the fields), or take align.method: sft.");
    }

    private static IEnumerable<(PreparedRow Row, bool Benign)> Rows(RunContext context)
    {
        string benign = context.Folder.At($"prepared-{BenignName}.jsonl");
        return PreparedRowFile.Read(context.Folder.Prepared).Select(row => (row, false))
            .Concat(File.Exists(benign) ? PreparedRowFile.Read(benign).Select(row => (row, true)) : []);
    }
}
