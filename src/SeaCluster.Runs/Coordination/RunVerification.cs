using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Coordination;

/// <summary>Compares what a run recorded with what is in its folder, and has redone what is gone, torn or altered.</summary>
internal static class RunVerification
{
    public static async Task InvalidateAsync(RunSession session, IProgress<RunNotice> notices, CancellationToken cancel)
    {
        // A finished run is only looked over; one that goes on is about to read its artifacts, so they are read through.
        bool finished = session.Progress.Run is RunState.Done or RunState.Partly;
        foreach (StageName stage in StageNames.All)
        {
            if (await ReasonAsync(session, stage, content: !finished, cancel) is not { } reason)
            {
                continue;
            }

            if (session.Progress.Stages[stage] == StageState.Pending)
            {
                continue;
            }

            notices.Report(new RunNotice.Redone(stage, reason));
            if (session.Progress.Running is not null)
            {
                // Left running by a process that died: it is stopped now.
                await session.ApplyAsync(new RunEvent.Stopped());
            }

            await session.ApplyAsync(new RunEvent.Invalidated(stage));
        }
    }

    /// <returns>Why the stage is to be done again, or null. Samples are put back here already.</returns>
    private static async Task<string?> ReasonAsync(RunSession session, StageName stage, bool content, CancellationToken cancel)
    {
        string? reason = null;
        foreach (ArtifactRow artifact in await session.Ledger.ArtifactsAsync(session.Run.Id, stage.Text(), cancel))
        {
            ArtifactCheck check = await session.Artifacts.CheckAsync(new StoredFile(artifact.Name, artifact.Hash, artifact.Bytes), content, cancel);
            if (check == ArtifactCheck.Intact)
            {
                continue;
            }

            string found = $"{artifact.Name} is {(check == ArtifactCheck.Missing ? "missing" : "not what was written")}";
            reason ??= found;
            await session.Ledger.AppendEventAsync(session.Run.Id, new NewEvent("artifact_refused", stage.Text(), artifact.Sample, EventDetail.Of("reason", found)), cancel);
            if (artifact.Sample is { } sample)
            {
                await session.Ledger.ReopenAsync(session.Run.Id, stage.Text(), [sample], found, cancel);
            }
        }

        if (reason is null && RunProgress.IsSettled(session.Progress.Stages[stage]))
        {
            SampleCounts counts = await session.Ledger.CountsAsync(session.Run.Id, stage.Text(), cancel);
            if (counts.Settled < counts.Total)
            {
                reason = $"{counts.Total - counts.Settled} samples were put back";
            }
        }

        return reason;
    }
}
