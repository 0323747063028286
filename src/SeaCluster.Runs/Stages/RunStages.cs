using SeaCluster.Runs.Coordination;

namespace SeaCluster.Runs.Stages;

/// <summary>The stages of a run on one machine.</summary>
public static class RunStages
{
    /// <summary>One of each.</summary>
    public static IReadOnlyList<IStage> Create() => [new PrepareStage(), SynthesizeStage.Create(), new AlignStage(), new EvaluateStage(), new ReportStage()];
}
