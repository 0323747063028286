using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Audit;

/// <summary>What an audit found.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="State">Where it stands. What a run at work has under way is not judged.</param>
/// <param name="Checks">Each question with its answer.</param>
public sealed record AuditReport(string Run, string Folder, RunState State, IReadOnlyList<AuditCheck> Checks)
{
    /// <summary>Whether nothing is lost, double or altered.</summary>
    public bool Sound => Checks.All(check => check.Wrong == 0);
}

/// <summary>One question of an audit.</summary>
/// <param name="Name">In a word.</param>
/// <param name="Question">What was looked at.</param>
/// <param name="Looked">At how many things.</param>
/// <param name="Wrong">How many of them are wrong.</param>
/// <param name="Problems">The first <see cref="MostListed"/> of those, each in a line that names it, what was expected and what was found.</param>
/// <param name="Remarks">What is no fault but worth knowing.</param>
public sealed record AuditCheck(string Name, string Question, long Looked, long Wrong, IReadOnlyList<string> Problems, IReadOnlyList<string> Remarks)
{
    /// <summary>Problems listed; the count has them all.</summary>
    public const int MostListed = 20;
}

/// <summary>Collects one check.</summary>
internal sealed class AuditTally(string name, string question)
{
    private readonly List<string> _problems = [];
    private readonly List<string> _remarks = [];
    private long _looked;
    private long _wrong;

    public void Look(string? problem)
    {
        _looked++;
        if (problem is not null)
        {
            Wrong(problem);
        }
    }

    public void Wrong(string problem)
    {
        _wrong++;
        if (_problems.Count < AuditCheck.MostListed)
        {
            _problems.Add(problem);
        }
    }

    public void Remark(string remark) => _remarks.Add(remark);

    public AuditCheck Check => new(name, question, _looked, _wrong, _problems, _remarks);
}
