using SeaCluster.Models;

namespace SeaCluster.Method.Preparation;

/// <summary>What an earlier run left in the folder; reading it changes nothing.</summary>
internal sealed class EarlierRun
{
    private readonly HashSet<string> _doneIds = new(StringComparer.Ordinal);
    private readonly HashSet<(string Source, string Code)> _problems = [];

    private EarlierRun()
    {
    }

    /// <summary>The rejected rows that stay rejected.</summary>
    public List<RejectedRow> KeptRejected { get; } = [];

    /// <summary>Whether some rejected rows are to be tried again and so leave the file.</summary>
    public bool RejectedChanged { get; private set; }

    /// <summary>Reads both files; a line that a kill cut does not count.</summary>
    /// <exception cref="SeaException">A line is damaged, or was written by another version of the preparer.</exception>
    public static EarlierRun Read(PreparationOptions options, string preparer)
    {
        EarlierRun run = new();
        if (options.Restart)
        {
            return run;
        }

        string prepared = options.PreparedFile;
        foreach (PreparedRow row in File.Exists(prepared) ? PreparedRowFile.Read(prepared, ignoreHalfLine: true) : [])
        {
            Require(prepared, row.Preparer, preparer);
            run._doneIds.Add(row.Id);
        }

        string rejected = options.RejectedFile;
        foreach (RejectedRow row in File.Exists(rejected) ? PreparedRowFile.ReadRejected(rejected, ignoreHalfLine: true) : [])
        {
            Require(rejected, row.Preparer, preparer);
            run.Add(row, options.RetryRejected);
        }

        return run;
    }

    /// <summary>Whether the row was prepared or rejected.</summary>
    public bool IsDone(string id) => _doneIds.Contains(id);

    /// <summary>Whether the problem is in the file already.</summary>
    public bool Knows(RowProblem problem) => _problems.Contains((problem.Source, problem.Code));

    private void Add(RejectedRow row, bool retry)
    {
        bool again = row.Id is not null && (retry || row.Code == RejectionCode.Endpoint);
        RejectedChanged |= again;
        if (again)
        {
            return;
        }

        KeptRejected.Add(row);
        _ = row.Id is null ? _problems.Add((row.Source, row.Code)) : _doneIds.Add(row.Id);
    }

    private static void Require(string path, string found, string wanted)
    {
        if (found != wanted)
        {
            throw new SeaException(
                $"{path} was written by '{found}', and this run is '{wanted}': their rows do not belong in one file.",
                "Use the same options as before, another --out folder, or --restart to begin anew.");
        }
    }
}
