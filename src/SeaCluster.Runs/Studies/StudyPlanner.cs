using SeaCluster.Runs.Planning;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Stages;

namespace SeaCluster.Runs.Studies;

/// <summary>What a run of a study will take.</summary>
/// <param name="Variant">Which.</param>
/// <param name="Plan">Stages whose results come from an earlier variant take nothing.</param>
public sealed record VariantPlan(RunVariant Variant, RunPlan Plan);

/// <summary>Plans the runs of a study one after the other; what an earlier one makes from the same inputs is not measured again.</summary>
public static class StudyPlanner
{
    private static readonly StageName[] Shared = [StageName.Prepare, StageName.Synthesize, StageName.Align];

    /// <summary>Measures every variant's plan; writes nothing.</summary>
    /// <param name="study">The variants.</param>
    /// <param name="time">The clock.</param>
    /// <param name="begins">Told before each.</param>
    /// <param name="cancel">Stops the probes.</param>
    public static async Task<IReadOnlyList<VariantPlan>> MeasureAsync(StudySpec study, TimeProvider time, Action<RunVariant, int> begins, CancellationToken cancel)
    {
        List<VariantPlan> plans = [];
        foreach (RunVariant variant in study.Variants)
        {
            begins(variant, plans.Count + 1);
            Dictionary<StageName, string> taken = [];
            foreach (StageName stage in Shared)
            {
                if (plans.FirstOrDefault(earlier => Gives(earlier.Variant.Spec, variant.Spec, stage)) is { } donor)
                {
                    taken[stage] = donor.Variant.Name;
                }
            }

            plans.Add(new VariantPlan(variant, await RunPlanner.MeasureAsync(variant.Spec, time, cancel, taken)));
        }

        return plans;
    }

    private static bool Gives(RunSpec earlier, RunSpec later, StageName stage) =>
        StageKey.Of(earlier, stage) == StageKey.Of(later, stage)
        && (stage != StageName.Synthesize || (SynthesizeStage.NotNeeded(earlier) is null && SynthesizeStage.NotNeeded(later) is null
            // Embeddings are compared one by one: those of fewer rows are not all that more rows need.
            && (earlier.Data.Limit ?? int.MaxValue) >= (later.Data.Limit ?? int.MaxValue)));
}
