using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Stages;

namespace SeaCluster.Runs.Audit;

/// <summary>Whether the ledger holds each planned sample once, and each done sample has one result of its own.</summary>
internal static class SampleAudit
{
    public static async Task<IReadOnlyList<AuditCheck>> RunAsync(SampleStage stage, RunContext context, StageRow? row, ArtifactRow[] artifacts, CancellationToken cancel)
    {
        string name = stage.Name.Text();
        bool settled = row is { State: StageState.Done or StageState.Partly };
        return row is null or { State: StageState.Skipped } && artifacts.Length == 0
            ? []
            : [await PlanAsync(stage, context, name, settled, cancel), await ResultsAsync(stage, context, name, settled, artifacts, cancel), Leavings(context, name, artifacts)];
    }

    // The plan and the ledger have the same order, so both are read once, side by side.
    private static async Task<AuditCheck> PlanAsync(SampleStage stage, RunContext context, string name, bool settled, CancellationToken cancel)
    {
        AuditTally tally = new("rows", $"every prepared row is a sample of {name}, once, as it was prepared");
        await using IAsyncEnumerator<SampleRow> samples = AllAsync(context, cancel).GetAsyncEnumerator(cancel);
        bool more = await samples.MoveNextAsync();
        long missing = 0;
        if (more || settled)
        {
            await foreach (NewSample planned in stage.PlannedAsync(context, cancel).WithCancellation(cancel))
            {
                if (!more && !settled)
                {
                    missing++;
                    continue;
                }

                tally.Look(
                    !more ? $"'{planned.Id}' is not in the ledger"
                    : samples.Current.Id != planned.Id ? $"the ledger has '{samples.Current.Id}' where '{planned.Id}' was prepared"
                    : samples.Current.Input != planned.Input ? $"'{planned.Id}' is in the ledger with another row than the prepared one"
                    : samples.Current.SpecHash != context.SpecHash ? $"'{planned.Id}' was enqueued by another spec ({samples.Current.SpecHash[..12]})"
                    : null);
                more = more && await samples.MoveNextAsync();
            }
        }

        while (more)
        {
            tally.Wrong($"the ledger has '{samples.Current.Id}', which no prepared row asks for");
            more = await samples.MoveNextAsync();
        }

        if (missing > 0)
        {
            tally.Remark($"{missing} samples are still to be enqueued");
        }

        return tally.Check;
    }

    private static async Task<AuditCheck> ResultsAsync(SampleStage stage, RunContext context, string name, bool settled, ArtifactRow[] artifacts, CancellationToken cancel)
    {
        AuditTally tally = new("results", $"every done sample of {name} has one result, its own; every one given up has its error");
        ILookup<string, ArtifactRow> bySample = artifacts.ToLookup(artifact => artifact.Sample!, StringComparer.Ordinal);
        long quarantined = 0, waiting = 0, seen = 0;
        await foreach (SampleRow row in AllAsync(context, cancel))
        {
            ArtifactRow[] own = [.. bySample[row.Id]];
            seen += own.Length;
            quarantined += row.State == SampleState.Quarantined ? 1 : 0;
            bool unsettled = row.State is not (SampleState.Done or SampleState.Quarantined);
            waiting += unsettled ? 1 : 0;
            tally.Look(row switch
            {
                { State: SampleState.Done, Attempts: < 1 } => $"'{row.Id}' is done, and nobody ever took it",
                { State: SampleState.Done, Artifact: null } when own.Length > 0 => $"'{row.Id}' is done without a result of its own, and has {own.Length} artifacts",
                { State: SampleState.Done, Artifact: { } file } when own.Length != 1 || own[0].Name != file.Name || own[0].Hash != file.Hash || own[0].Bytes != file.Bytes =>
                    $"'{row.Id}' is done with {file.Name}, and the ledger's artifacts of it are {(own.Length == 0 ? "none" : string.Join(", ", own.Select(artifact => artifact.Name)))}",
                { State: SampleState.Done, Artifact: { } file } => Inspect(stage, context, row, file),
                { State: SampleState.Quarantined, Error: null or "" } => $"'{row.Id}' is in quarantine without an error",
                _ when unsettled && settled => $"'{row.Id}' is {row.State.ToString().ToLowerInvariant()}, and its stage has ended",
                _ when own.Length > 0 => $"'{row.Id}' is {row.State.ToString().ToLowerInvariant()} and has the artifact {own[0].Name}",
                _ => null,
            });
        }

        foreach (IGrouping<string, ArtifactRow> same in artifacts.GroupBy(artifact => artifact.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            tally.Wrong($"{same.Key} is the result of {same.Count()} samples: {string.Join(", ", same.Select(artifact => artifact.Sample).Take(3))}");
        }

        if (seen < artifacts.Length)
        {
            tally.Wrong($"{artifacts.Length - seen} artifacts belong to samples that the ledger does not have");
        }

        if (quarantined > 0)
        {
            tally.Remark($"{quarantined} in quarantine: 'sea retry' puts them back");
        }

        if (waiting > 0)
        {
            tally.Remark($"{waiting} not settled yet");
        }

        return tally.Check;
    }

    private static string? Inspect(SampleStage stage, RunContext context, SampleRow row, StoredFile file)
    {
        string path = context.Folder.At(file.Name.Split('/'));
        // A file that is gone or altered is named by the check of the files.
        return File.Exists(path) && new FileInfo(path).Length == file.Bytes && stage.Inspect(row, path) is { } problem ? $"'{row.Id}': {file.Name}: {problem}" : null;
    }

    private static AuditCheck Leavings(RunContext context, string name, ArtifactRow[] artifacts)
    {
        AuditTally tally = new("leavings", $"files of {name} that no row of the ledger names");
        HashSet<string> known = [.. artifacts.Select(artifact => Path.GetFileName(artifact.Name))];
        string[] files = Directory.Exists(context.Folder.Embeddings) ? [.. Directory.GetFiles(context.Folder.Embeddings).Select(file => Path.GetFileName(file)!)] : [];
        string[] others = [.. files.Where(file => !known.Contains(file)).Order(StringComparer.Ordinal)];
        foreach (string _ in files)
        {
            tally.Look(null);
        }

        if (others.Length > 0)
        {
            tally.Remark($"{others.Length} that nothing reads, left by a killed or late worker: {string.Join(", ", others.Take(3))}{(others.Length > 3 ? ", ..." : "")}");
        }

        return tally.Check;
    }

    private static async IAsyncEnumerable<SampleRow> AllAsync(RunContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        long after = -1;
        IReadOnlyList<SampleRow> page;
        while ((page = await context.Ledger.SamplesAsync(context.Run, context.Stage.Text(), new SampleQuery(After: after), cancel)).Count > 0)
        {
            foreach (SampleRow row in page)
            {
                yield return row;
            }

            after = page[^1].Ordinal;
        }
    }
}
