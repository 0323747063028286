namespace SeaCluster.Runs.Ledgers;

/// <summary>How enumerations stand in a ledger. These texts are on people's disks: they never change.</summary>
internal static class LedgerText
{
    public static string Of(SampleState state) => state switch
    {
        SampleState.Pending => "pending",
        SampleState.Leased => "leased",
        SampleState.Failed => "failed",
        SampleState.Done => "done",
        SampleState.Quarantined => "quarantined",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "not a state"),
    };

    public static string Of(RunState state) => state switch
    {
        RunState.Pending => "pending",
        RunState.Running => "running",
        RunState.Interrupted => "interrupted",
        RunState.Done => "done",
        RunState.Partly => "partly",
        RunState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "not a state"),
    };

    public static string Of(StageState state) => state switch
    {
        StageState.Pending => "pending",
        StageState.Running => "running",
        StageState.Done => "done",
        StageState.Partly => "partly",
        StageState.Skipped => "skipped",
        StageState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "not a state"),
    };

    public static SampleState Sample(string text) => Enum.GetValues<SampleState>().First(state => Of(state) == text);

    public static RunState Run(string text) => Enum.GetValues<RunState>().First(state => Of(state) == text);

    public static StageState Stage(string text) => Enum.GetValues<StageState>().First(state => Of(state) == text);
}
