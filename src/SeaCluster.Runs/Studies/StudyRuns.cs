using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Status;

namespace SeaCluster.Runs.Studies;

/// <summary>Where a run of a study stands.</summary>
/// <param name="Member">Which.</param>
/// <param name="Status">Null where it is not begun.</param>
public sealed record StudyRunStatus(StudyMember Member, RunStatus? Status);

/// <summary>Reads the runs of a study from its folder, without disturbing them.</summary>
public static class StudyRuns
{
    /// <summary>Every run in order.</summary>
    /// <exception cref="SeaException">A ledger cannot be read.</exception>
    public static async Task<IReadOnlyList<StudyRunStatus>> StatusAsync(StudyFolder study, string folder, TimeProvider time, CancellationToken cancel)
    {
        List<StudyRunStatus> all = [];
        foreach (StudyMember member in study.Runs)
        {
            RunFolder run = StudyFolder.RunIn(folder, member);
            all.Add(new StudyRunStatus(member, run.HasRun ? await RunStatusReader.ReadAsync(run, time, cancel) : null));
        }

        return all;
    }

    /// <summary>Writes the study's table and page again from what lies in its runs.</summary>
    /// <returns>The page; null where nothing was evaluated yet.</returns>
    /// <exception cref="SeaException">A ledger cannot be read.</exception>
    public static async Task<string?> ReportAsync(StudyFolder study, string folder, TimeProvider time, CancellationToken cancel)
    {
        List<VariantOutcome> outcomes = [];
        foreach (StudyMember member in study.Runs)
        {
            RunFolder run = StudyFolder.RunIn(folder, member);
            if (run.HasRun)
            {
                outcomes.Add(await OutcomeAsync(member, run, time, cancel));
            }
        }

        StudyOutcome found = StudyTables.Collect(outcomes);
        StudyTables.Write(study, folder, found);
        return found.Table is null ? null : Path.Combine(folder, StudyTables.ReportName);
    }

    private static async Task<VariantOutcome> OutcomeAsync(StudyMember member, RunFolder folder, TimeProvider time, CancellationToken cancel)
    {
        await using RunLedger opened = await RunLedger.OpenAsync(folder, given: null, create: false, time, cancel);
        RunRow run = await opened.FindRunAsync(cancel) ?? throw new SeaException($"{opened.Shown}: holds no run yet");
        RunSpec spec = RunSession.FrozenSpec(run, folder, opened.Shown);
        Exception? error = run.Message is { } message && run.State == RunState.Failed ? new SeaException(message) : null;
        return new VariantOutcome(
            new RunVariant(member.Name, member.Arm, spec), new RunOutcome(run.State, folder, run.Id, await opened.Ledger.StagesAsync(run.Id, cancel), 0, error));
    }
}
