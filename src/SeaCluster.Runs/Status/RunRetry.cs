using System.Text.Json;
using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Status;

/// <summary>What was put back.</summary>
/// <param name="Samples">Samples out of quarantine.</param>
/// <param name="Judgements">Answers that a judge had given no verdict on.</param>
public sealed record PutBack(int Samples, long Judgements);

/// <summary>Puts back what failed for good, quarantined samples and failed judgements, so that running the run again tries it and redoes what is built on it.</summary>
public static class RunRetry
{
    /// <param name="folder">The run folder.</param>
    /// <param name="samples">Which; null is all, and failed judgements too.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="SeaException">A sample is not in quarantine (none is put back then), or another process works on the run.</exception>
    public static async Task<PutBack> RetryAsync(RunFolder folder, IReadOnlyList<string>? samples, TimeProvider time, CancellationToken cancel = default)
    {
        await using RunSession session = await RunSession.OpenAsync(folder, spec: null, time, cancel: cancel);
        HashSet<string> asked = [.. samples ?? []];
        List<(StageName Stage, List<string> Ids)> found = [];
        foreach (StageName stage in StageNames.All)
        {
            List<string> ids = [];
            long after = -1;
            IReadOnlyList<SampleRow> page;
            while ((page = await session.Ledger.SamplesAsync(session.Run.Id, stage.Text(), new SampleQuery(SampleState.Quarantined, after), cancel)).Count > 0)
            {
                ids.AddRange(page.Select(row => row.Id).Where(id => samples is null || asked.Contains(id)));
                after = page[^1].Ordinal;
            }

            found.Add((stage, ids));
        }

        string[] unknown = [.. asked.Except(found.SelectMany(entry => entry.Ids), StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (unknown.Length > 0)
        {
            throw new SeaException($"{folder.Path}: not in quarantine: {string.Join(", ", unknown)}", "'sea status' lists the samples in quarantine");
        }

        int count = 0;
        foreach ((StageName stage, List<string> ids) in found.Where(entry => entry.Ids.Count > 0))
        {
            count += await session.Ledger.RequeueAsync(session.Run.Id, stage.Text(), ids, cancel);
            if (session.Progress.Stages[stage] != StageState.Pending)
            {
                if (session.Progress.Running is not null)
                {
                    await session.ApplyAsync(new RunEvent.Stopped());
                }

                await session.ApplyAsync(new RunEvent.Invalidated(stage));
            }
        }

        long unjudged = 0;
        if (samples is null && RunProgress.IsSettled(session.Progress.Stages[StageName.Evaluate]))
        {
            // Answers and verdicts lie in the stage's files: only what has no verdict is judged again.
            StageRow evaluation = (await session.Ledger.StagesAsync(session.Run.Id, cancel)).Single(row => row.Stage == StageName.Evaluate.Text());
            unjudged = Unjudged(evaluation.Summary);
            if (unjudged > 0)
            {
                await session.ApplyAsync(new RunEvent.Invalidated(StageName.Evaluate));
            }
        }

        await session.MirrorEventsAsync();
        return new PutBack(count, unjudged);
    }

    /// <summary>How many answers a judge gave no verdict on.</summary>
    /// <param name="summary">What the evaluation said at its end.</param>
    public static long Unjudged(string? summary)
    {
        using JsonDocument document = JsonDocument.Parse(summary ?? "{}");
        return document.RootElement.TryGetProperty("judge_failures", out JsonElement failures) && failures.TryGetInt64(out long count) ? count : 0;
    }
}
