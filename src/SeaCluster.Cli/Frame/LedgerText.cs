using SeaCluster.Runs.Coordination;

namespace SeaCluster.Cli.Frame;

/// <summary>A ledger that goes and comes back, in words.</summary>
internal static class LedgerText
{
    /// <summary>The line for people; null where the notice is of something else.</summary>
    public static string? Of(RunNotice notice) => notice switch
    {
        RunNotice.LedgerAway away when away.For == TimeSpan.Zero => $"{away.Reason}; waiting for it",
        RunNotice.LedgerAway away => $"still waiting after {PlanText.Time(away.For.TotalSeconds)}: {away.Reason}",
        RunNotice.LedgerBack back => $"the ledger is back after {PlanText.Time(back.After.TotalSeconds)}",
        _ => null,
    };
}
