using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Audit;

/// <summary>Follows a run from its report back to its rows, in ledger and artifacts, and finds what is lost, double or altered. Changes nothing and waits for nobody.</summary>
/// <param name="stages">The run's stages.</param>
/// <param name="time">The clock.</param>
public sealed class RunAudit(IReadOnlyList<IStage> stages, TimeProvider time)
{
    /// <summary>Reads everything once.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="progress">Told of every artifact that was read through.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="SeaException">There is no run, or its ledger cannot be read.</exception>
    public async Task<AuditReport> RunAsync(RunFolder folder, IProgress<(long Done, long Total)>? progress = null, CancellationToken cancel = default)
    {
        await using RunLedger opened = await RunLedger.OpenAsync(folder, given: null, create: false, time, cancel);
        RunRow run = await opened.FindRunAsync(cancel) ?? throw new SeaException($"{opened.Shown}: holds no run yet", "'sea run SPEC --out DIR' begins one");
        RunSpec spec = RunSession.FrozenSpec(run, folder, opened.Shown);
        Dictionary<StageName, StageRow> rows = (await opened.Ledger.StagesAsync(run.Id, cancel))
            .Select(row => (Name: StageNames.Parse(row.Stage), Row: row)).Where(pair => pair.Name is not null).ToDictionary(pair => pair.Name!.Value, pair => pair.Row);
        FolderArtifactStore store = new(folder.Path);
        ArtifactRow[] artifacts = [.. await opened.Ledger.ArtifactsAsync(run.Id, cancel: cancel)];

        List<AuditCheck> checks = [Spec(run, spec, folder), Inputs(run, spec)];
        foreach (SampleStage stage in stages.OfType<SampleStage>())
        {
            RunContext context = new()
            {
                Stage = stage.Name, Spec = spec, SpecHash = run.SpecHash, Run = run.Id, Folder = folder, Ledger = opened.Ledger, Artifacts = store, Time = time, Notices = new Progress<RunNotice>(),
            };
            ArtifactRow[] own = [.. artifacts.Where(artifact => artifact.Stage == stage.Name.Text() && artifact.Sample is not null)];
            checks.AddRange(await SampleAudit.RunAsync(stage, context, rows.GetValueOrDefault(stage.Name), own, cancel));
        }

        checks.Add(await FilesAsync(store, artifacts, progress, cancel));
        checks.Add(await ChainAsync(opened.Ledger, run.Id, rows, cancel));
        checks.AddRange(rows.Values.Any(row => row.Stage == StageName.Evaluate.Text() && row.State == StageState.Done) ? [VerdictAudit.Run(folder, rows[StageName.Evaluate])] : []);
        checks.Add(await EventsAsync(opened.Ledger, run.Id, folder, cancel));
        return new AuditReport(run.Id, folder.Path, run.State, checks);
    }

    private static AuditCheck Spec(RunRow run, RunSpec spec, RunFolder folder)
    {
        AuditTally tally = new("spec", "the frozen spec is the one that everything was done by");
        string hash = SpecHash.Of(spec);
        tally.Look(hash == run.SpecHash ? null : $"the ledger's spec has the hash {hash}, its run says {run.SpecHash}");
        tally.Look(!File.Exists(folder.Spec) ? $"{folder.Spec} is missing" : File.ReadAllText(folder.Spec) == run.Spec ? null : $"{folder.Spec} is not what the ledger holds");
        return tally.Check;
    }

    private static AuditCheck Inputs(RunRow run, RunSpec spec)
    {
        AuditTally tally = new("inputs", "data, model and cases are what they were when the run began");
        foreach (SpecInput then in SpecInputs.Recorded(run))
        {
            if (!Path.Exists(then.Path))
            {
                tally.Remark($"{then.Option}: {then.Path} is not here and was not compared");
                continue;
            }

            SpecInput now = SpecInputs.Fingerprint(then.Option, then.Path);
            tally.Look(now.Hash == then.Hash ? null : $"{then.Option}: {then.Path} is not what it was (sha256 {then.Hash[..12]} -> {now.Hash[..12]})");
        }

        return tally.Check;
    }

    private static async Task<AuditCheck> FilesAsync(FolderArtifactStore store, ArtifactRow[] artifacts, IProgress<(long Done, long Total)>? progress, CancellationToken cancel)
    {
        AuditTally tally = new("files", "every artifact has the bytes that were recorded");
        for (int i = 0; i < artifacts.Length; i++)
        {
            ArtifactRow artifact = artifacts[i];
            tally.Look(await store.CheckAsync(new StoredFile(artifact.Name, artifact.Hash, artifact.Bytes), content: true, cancel) switch
            {
                ArtifactCheck.Intact => null,
                ArtifactCheck.Missing => $"{artifact.Name} is missing",
                _ => $"{artifact.Name} is not what was written (expected {artifact.Bytes} bytes, sha256 {artifact.Hash[..12]})",
            });
            progress?.Report((i + 1, artifacts.Length));
        }

        return tally.Check;
    }

    private static async Task<AuditCheck> ChainAsync(ILedger ledger, string run, Dictionary<StageName, StageRow> rows, CancellationToken cancel)
    {
        AuditTally tally = new("chain", "every stage was built on the artifacts that the ledger names now");
        foreach (StageName stage in StageNames.All)
        {
            if (!rows.TryGetValue(stage, out StageRow? row) || row.State is not (StageState.Done or StageState.Partly))
            {
                continue;
            }

            if (StageChain.Of(row) is not { } then)
            {
                tally.Remark($"{row.Stage} was done by a version that did not record what it was built on");
                continue;
            }

            string now = await StageChain.OfAsync(ledger, run, stage, cancel);
            tally.Look(now == then ? null : $"{row.Stage} was built on other artifacts than those before it now (sha256 {then[..12]} -> {now[..12]})");
        }

        return tally.Check;
    }

    private static async Task<AuditCheck> EventsAsync(ILedger ledger, string run, RunFolder folder, CancellationToken cancel)
    {
        AuditTally tally = new("events", "events.jsonl says what the ledger says, each event once and in order");
        if (!File.Exists(folder.Events))
        {
            tally.Wrong($"{folder.Events} is missing");
            return tally.Check;
        }

        // A copy written from the ledger is what the file has to be, but for a tail that is still to come.
        string again = Path.Combine(Path.GetTempPath(), $"sea-audit-{Guid.NewGuid():N}.jsonl");
        try
        {
            using (EventMirror mirror = new(ledger, run, again))
            {
                await mirror.CatchUpAsync(cancel);
            }

            using IEnumerator<string> expected = File.ReadLines(again).GetEnumerator();
            using FileStream stream = new(folder.Events, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using StreamReader found = new(stream);
            for (int line = 1; found.ReadLine() is { } text; line++)
            {
                if (!expected.MoveNext())
                {
                    tally.Wrong($"{folder.Events}: line {line}: more events than the ledger has");
                    break;
                }

                tally.Look(text == expected.Current ? null : $"{folder.Events}: line {line} is not the ledger's event");
            }

            long missing = 0;
            while (expected.MoveNext())
            {
                missing++;
            }

            if (missing > 0)
            {
                tally.Remark($"{missing} events are only in the ledger so far; the next start writes them");
            }
        }
        finally
        {
            File.Delete(again);
        }

        return tally.Check;
    }
}
