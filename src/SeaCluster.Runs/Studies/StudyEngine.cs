using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Reporting;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Stages;

namespace SeaCluster.Runs.Studies;

/// <summary>How a variant ended.</summary>
/// <param name="Variant">Which.</param>
/// <param name="Run">Its run.</param>
public sealed record VariantOutcome(RunVariant Variant, RunOutcome Run);

/// <summary>How a study ended.</summary>
/// <param name="Variants">The variants that were run, in order.</param>
/// <param name="Table">The base and every arm side by side; null where nothing was evaluated.</param>
/// <param name="Transfer">Arms by the modality of the attack; empty where the cases have one modality.</param>
/// <param name="Texts">Perplexity on held-back text, each arm's first seed against the base.</param>
public sealed record StudyOutcome(IReadOnlyList<VariantOutcome> Variants, ResultTable? Table, ResultTable? Transfer, IReadOnlyList<TextFigure> Texts)
{
    /// <summary>0 done, 1 where a variant failed, 3 where samples are in quarantine, 130 interrupted.</summary>
    public int ExitCode => Variants.Select(each => each.Run.ExitCode).OrderBy(code => Array.IndexOf([130, 1, 3, 0], code)).FirstOrDefault();
}

/// <summary>Runs the variants of a study one after the other, each a run of its own below one folder. What two of them make from the same inputs is made once.</summary>
/// <param name="stages">Makes the stages of a run.</param>
/// <param name="time">The clock.</param>
public sealed class StudyEngine(Func<IReadOnlyList<IStage>> stages, TimeProvider time)
{
    /// <summary>Runs what is left; a variant that failed does not stop the others.</summary>
    /// <param name="study">The variants.</param>
    /// <param name="folder">The study's folder: a run folder each, <c>table.json</c> and <c>report.html</c>.</param>
    /// <param name="begins">Told before each variant.</param>
    /// <param name="notices">Where signs of life go.</param>
    /// <param name="stop">Asks to stop, resumable.</param>
    public async Task<StudyOutcome> RunAsync(StudySpec study, string folder, Action<RunVariant, int> begins, IProgress<RunNotice> notices, CancellationToken stop)
    {
        List<VariantOutcome> outcomes = [];
        List<Donor> donors = [];
        StudyFolder.Of(study).Write(folder);
        foreach (RunVariant variant in study.Variants)
        {
            begins(variant, outcomes.Count + 1);
            RunFolder run = new(Path.Combine(folder, SafeName.Of(variant.Name)));
            RunEngine engine = new(stages().Select(stage => new SharingStage(stage, donors)), time);
            RunOutcome outcome = await engine.RunAsync(run, variant.Spec, notices, stop);
            outcomes.Add(new VariantOutcome(variant, outcome));
            if (outcome.State == RunState.Interrupted)
            {
                return new StudyOutcome(outcomes, null, null, []);
            }

            donors.Add(new Donor(variant.Name, variant.Spec, run, outcome.Stages));
        }

        StudyOutcome done = StudyTables.Collect(outcomes);
        StudyTables.Write(StudyFolder.Of(study), folder, done);
        return done;
    }
}
