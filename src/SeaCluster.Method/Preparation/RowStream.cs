using SeaCluster.Method.Preparation.Rows;

namespace SeaCluster.Method.Preparation;

/// <summary>The rows of all input files in order, each prompt once.</summary>
internal sealed class RowStream(PreparationOptions options)
{
    /// <summary>Reads from the start; duplicates and ids that stand for two prompts come as problems.</summary>
    public IEnumerable<RowRead> Read()
    {
        Dictionary<string, string> prompts = new(StringComparer.Ordinal);
        Dictionary<string, string> ids = new(StringComparer.Ordinal);
        long count = 0;
        foreach (string path in options.Inputs)
        {
            foreach (RowRead read in RowReader.Read(path, options.MaxRowBytes))
            {
                if (count++ >= options.Limit)
                {
                    yield break;
                }

                yield return read.Row is { } row && Repeated(row, prompts, ids) is { } problem ? new RowRead(null, problem) : read;
            }
        }
    }

    private static RowProblem? Repeated(SafetyRow row, Dictionary<string, string> prompts, Dictionary<string, string> ids)
    {
        if (!prompts.TryAdd(RowLayout.Hash(row.Prompt), row.Source))
        {
            return Problem(row, RejectionCode.Duplicate, $"the prompt is the same as that of {prompts[RowLayout.Hash(row.Prompt)]}, case and white space aside");
        }

        return ids.TryAdd(row.Id, row.Source)
            ? null
            : Problem(row, RejectionCode.BadRow, $"the id '{row.Id}' stands for another prompt at {ids[row.Id]}: give each prompt its own id, or none");
    }

    private static RowProblem Problem(SafetyRow row, string code, string reason)
    {
        int colon = row.Source.LastIndexOf(':');
        return new RowProblem(row.Source[..colon], long.Parse(row.Source.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture), code, reason, row.Original);
    }
}
