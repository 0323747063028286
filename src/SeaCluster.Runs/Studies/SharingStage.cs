using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using SeaCluster.Method.Evaluation;
using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Stages;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Studies;

/// <summary>A finished run of the same study.</summary>
/// <param name="Name">The variant.</param>
/// <param name="Spec">Its spec.</param>
/// <param name="Folder">Where it lies.</param>
/// <param name="Stages">How its stages ended.</param>
internal sealed record Donor(string Name, RunSpec Spec, RunFolder Folder, IReadOnlyList<StageRow> Stages)
{
    /// <summary>Whether it finished a stage, with nothing in quarantine, from the same inputs.</summary>
    public bool Did(StageName stage, RunSpec spec) =>
        Stages.Any(row => row.Stage == stage.Text() && row.State == StageState.Done) && StageKey.Of(spec, stage) is { } key && StageKey.Of(Spec, stage) == key;
}

/// <summary>
/// A stage that takes over what another variant made from the same inputs, verified by hashes, and otherwise does its own work: embeddings as links to the same bytes where the file
/// system has them, small files as copies. What is taken over is recorded in this run's ledger like work of its own, so that the run folder is whole and stands alone.
/// </summary>
/// <param name="own">The stage that does the work.</param>
/// <param name="donors">Variants that are finished.</param>
internal sealed class SharingStage(IStage own, IReadOnlyList<Donor> donors) : IStage
{
    /// <inheritdoc/>
    public StageName Name => own.Name;

    /// <inheritdoc/>
    public async Task<StageOutcome> RunAsync(RunContext context, CancellationToken stop)
    {
        Donor[] same = [.. donors.Where(donor => donor.Did(Name, context.Spec))];
        switch (Name)
        {
            case StageName.Prepare when same.Length > 0:
                StageOutcome prepared = await TakeAsync(context, same[0], folder => Directory.GetFiles(folder.Path, "*.json*").Where(file => Path.GetFileName(file) is var name
                    && (name.StartsWith("prepared", StringComparison.Ordinal) || name.StartsWith("rejected", StringComparison.Ordinal) || name.StartsWith("preparation", StringComparison.Ordinal))), stop);
                return PreparedFiles.Lacking(context) is { } lack ? throw lack : prepared;
            case StageName.Align when same.Length > 0:
                return await TakeAsync(context, same[0], folder => Directory.GetFiles(folder.Adapter, "*", SearchOption.AllDirectories).Append(folder.At("align.jsonl")).Append(folder.Reference), stop);
            case StageName.Align when context.Spec.Align.Method == AlignmentMethod.Dpo:
                TakeReference(context);
                break;
            case StageName.Synthesize when same.Length > 0 && SynthesizeStage.NotNeeded(context.Spec) is null:
                foreach (Donor donor in same)
                {
                    if (await MadeAsync(context, donor, stop) is { } made)
                    {
                        StageOutcome outcome = await new SampleStage(StageName.Synthesize, Inputs, (_, _) => Task.FromResult<ISampleProcessor>(new TakenOver(donor.Folder, made))).RunAsync(context, stop);
                        return outcome with { Summary = Shared(outcome.Summary, donor) };
                    }
                }

                break;
            case StageName.Evaluate:
                TakeBase(context);
                break;
        }

        return await own.RunAsync(context, stop);
    }

    private static async Task<StageOutcome> TakeAsync(RunContext context, Donor donor, Func<RunFolder, IEnumerable<string>> files, CancellationToken stop)
    {
        if (context.Stage == StageName.Align && Directory.Exists(context.Folder.Adapter))
        {
            Directory.Delete(context.Folder.Adapter, recursive: true);
        }

        await using RunLedger opened = await RunLedger.OpenAsync(donor.Folder, donor.Spec.Ledger, create: true, context.Time, stop);
        RunRow run = (await opened.FindRunAsync(stop))!;
        Dictionary<string, ArtifactRow> recorded = (await opened.Ledger.ArtifactsAsync(run.Id, context.Stage.Text(), stop)).ToDictionary(artifact => artifact.Name, StringComparer.Ordinal);
        FolderArtifactStore store = new(donor.Folder.Path);
        foreach (string file in files(donor.Folder).Where(File.Exists))
        {
            string name = donor.Folder.NameOf(file), target = context.Folder.At(name);
            string source = recorded.TryGetValue(name, out ArtifactRow? known) ? await store.FetchAsync(new StoredFile(known.Name, known.Hash, known.Bytes), stop) : file;
            Copy(source, target);
            if (known is not null)
            {
                await context.RecordAsync(target, stop);
            }
        }

        StageRow stage = donor.Stages.Single(row => row.Stage == context.Stage.Text());
        return StageOutcome.Done(Shared(stage.Summary is null ? null : JsonNode.Parse(stage.Summary) as JsonObject, donor));
    }

    // The reference of equal rows is the same whatever beta, steps or learning rate; its fingerprint has the last word.
    private void TakeReference(RunContext context)
    {
        if (!File.Exists(context.Folder.Reference)
            && donors.FirstOrDefault(donor => File.Exists(donor.Folder.Reference) && StageKey.OfReference(donor.Spec) == StageKey.OfReference(context.Spec)) is { } same)
        {
            Copy(same.Folder.Reference, context.Folder.Reference);
        }
    }

    // The base answers every variant's cases alike: its answers are gone on with, and are all there.
    private void TakeBase(RunContext context)
    {
        if (!context.Spec.Evaluate.Base || context.Spec.Evaluate.Cases is null
            || donors.FirstOrDefault(donor => File.Exists(Path.Combine(donor.Folder.Evaluation, EvaluateStage.BaseFile)) && StageKey.OfBase(donor.Spec) == StageKey.OfBase(context.Spec)) is not { } same)
        {
            return;
        }

        string target = Path.Combine(context.Folder.Evaluation, EvaluateStage.BaseFile);
        if (!File.Exists(target))
        {
            Copy(Path.Combine(same.Folder.Evaluation, EvaluateStage.BaseFile), target);
        }
    }

    // All of this run's samples as the donor made them, by id; null where one differs or is missing.
    private static async Task<Dictionary<string, SampleRow>?> MadeAsync(RunContext context, Donor donor, CancellationToken stop)
    {
        await using RunLedger opened = await RunLedger.OpenAsync(donor.Folder, donor.Spec.Ledger, create: true, context.Time, stop);
        string run = (await opened.FindRunAsync(stop))!.Id;
        Dictionary<string, SampleRow> made = new(StringComparer.Ordinal);
        long after = -1;
        IReadOnlyList<SampleRow> page;
        while ((page = await opened.Ledger.SamplesAsync(run, StageName.Synthesize.Text(), new SampleQuery(SampleState.Done, after), stop)).Count > 0)
        {
            foreach (SampleRow row in page)
            {
                made[row.Id] = row;
            }

            after = page[^1].Ordinal;
        }

        await foreach (NewSample sample in Inputs(context, stop))
        {
            if (!made.TryGetValue(sample.Id, out SampleRow? row) || row.Input != sample.Input || row.Artifact is null)
            {
                return null;
            }
        }

        return made;
    }

    private static async IAsyncEnumerable<NewSample> Inputs(RunContext context, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (SampleInput sample in PreparedFiles.Samples(context))
        {
            stop.ThrowIfCancellationRequested();
            yield return new NewSample(sample.Id, System.Text.Json.JsonSerializer.Serialize(sample));
        }

        await Task.CompletedTask;
    }

    private static JsonObject Shared(JsonObject? summary, Donor donor)
    {
        JsonObject shared = summary?.DeepClone() as JsonObject ?? [];
        shared["taken_from"] = donor.Name;
        return shared;
    }

    private static void Copy(string source, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        AtomicFile.Write(target, stream =>
        {
            using FileStream file = File.OpenRead(source);
            file.CopyTo(stream);
        });
    }

    private sealed class TakenOver(RunFolder donor, Dictionary<string, SampleRow> made) : ISampleProcessor
    {
        private const int Together = 32;

        public async IAsyncEnumerable<SampleResult> RunAsync(ISampleQueue queue, [EnumeratorCancellation] CancellationToken cancel)
        {
            FolderArtifactStore store = new(donor.Path);
            IReadOnlyList<WorkSample> taken;
            while ((taken = await queue.TakeAsync(Together, wait: true, cancel)).Count > 0)
            {
                foreach (WorkSample sample in taken)
                {
                    SampleRow row = made[sample.Id];
                    string path = await store.FetchAsync(row.Artifact!, cancel);
                    yield return SampleResult.TakenOver(sample, path, row.Artifact!) with { Loss = row.Loss, Steps = row.Steps, Duration = row.Duration, Detail = row.Detail };
                }
            }
        }
    }
}
