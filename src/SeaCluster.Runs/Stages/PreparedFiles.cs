using SeaCluster.Method.Preparation;
using SeaCluster.Runs.Coordination;

namespace SeaCluster.Runs.Stages;

/// <summary>The prepared rows of a run: harmful ones, and benign ones where the spec gives benign data.</summary>
internal static class PreparedFiles
{
    /// <summary>Ids of benign samples begin with this, so that a phrase in both files keeps two names.</summary>
    public const string BenignPrefix = "benign.";

    /// <summary>Where the benign rows lie.</summary>
    public static string Benign(RunContext context) => context.Folder.At("prepared-benign.jsonl");

    /// <summary>Where benign rows that were refused lie.</summary>
    public static string BenignRejected(RunContext context) => context.Folder.At("rejected-benign.jsonl");

    /// <summary>All samples to optimise: every row as often as the spec says, harmful rows first.</summary>
    public static IEnumerable<SampleInput> Samples(RunContext context)
    {
        foreach ((PreparedRow row, bool benign) in Rows(context))
        {
            for (int copy = 0; copy < context.Spec.Synthesize.PerRow; copy++)
            {
                yield return new SampleInput((benign ? BenignPrefix : "") + row.Id + (copy == 0 ? "" : $".{copy}"), row);
            }
        }
    }

    /// <summary>All prepared rows, and whether they are benign.</summary>
    public static IEnumerable<(PreparedRow Row, bool Benign)> Rows(RunContext context) =>
        PreparedRowFile.Read(context.Folder.Prepared).Select(row => (row, false))
            .Concat(File.Exists(Benign(context)) ? PreparedRowFile.Read(Benign(context)).Select(row => (row, true)) : []);
}
