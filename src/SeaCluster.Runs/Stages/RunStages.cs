using SeaCluster.Runs.Coordination;

namespace SeaCluster.Runs.Stages;

/// <summary>The stages of a run.</summary>
public static class RunStages
{
    /// <summary>One of each, on this machine.</summary>
    public static IReadOnlyList<IStage> Create() => Create(null);

    /// <summary>One of each.</summary>
    /// <param name="elsewhere">Has the synthesis's samples worked off by others; null: on this machine, or by workers as the spec says.</param>
    public static IReadOnlyList<IStage> Create(Func<RunContext, CancellationToken, Task>? elsewhere) =>
        [new PrepareStage(), SynthesizeStage.Create(elsewhere), new AlignStage(), new EvaluateStage(), new ReportStage()];
}
