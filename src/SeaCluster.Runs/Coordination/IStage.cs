using System.Text.Json.Nodes;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Planning;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Coordination;

/// <summary>
/// One stage of a run. It may be started any number of times, after kills at any moment: it goes on from what it finds in the run folder
/// and the ledger, and writes whole files only (temporary name, sync, rename).
/// </summary>
public interface IStage
{
    /// <summary>Which one it is.</summary>
    StageName Name { get; }

    /// <summary>Does what is left to do.</summary>
    /// <param name="context">Spec, folder, ledger; and where progress goes.</param>
    /// <param name="stop">Asks to stop soon, in a state from which it can go on: throw <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="Models.SeaException">It failed, and this tells the user why.</exception>
    Task<StageOutcome> RunAsync(RunContext context, CancellationToken stop);
}

/// <summary>How a stage ended.</summary>
/// <param name="State">Done, partly done (samples in quarantine) or skipped.</param>
/// <param name="Summary">Figures worth keeping, or null.</param>
public sealed record StageOutcome(StageState State, JsonObject? Summary = null)
{
    /// <summary>All of it done.</summary>
    public static StageOutcome Done(JsonObject? summary = null) => new(StageState.Done, summary);

    /// <summary>Nothing to do for this spec, and why.</summary>
    public static StageOutcome Skipped(string reason) => new(StageState.Skipped, new JsonObject { ["reason"] = reason });
}

/// <summary>What a stage works with.</summary>
public sealed class RunContext
{
    /// <summary>The stage that runs.</summary>
    public required StageName Stage { get; init; }

    /// <summary>The run's spec.</summary>
    public required RunSpec Spec { get; init; }

    /// <summary>The frozen spec's hash, which samples are enqueued under.</summary>
    public required string SpecHash { get; init; }

    /// <summary>The run's id in the ledger.</summary>
    public required string Run { get; init; }

    /// <summary>Where its files lie.</summary>
    public required RunFolder Folder { get; init; }

    /// <summary>The truth about its samples.</summary>
    public required ILedger Ledger { get; init; }

    /// <summary>Where results go.</summary>
    public required IArtifactStore Artifacts { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where progress goes.</summary>
    public required IProgress<RunNotice> Notices { get; init; }

    /// <summary>Tells how far the stage is.</summary>
    /// <param name="done">Samples, steps or cases.</param>
    /// <param name="total">... of so many.</param>
    /// <param name="detail">A few words, or null.</param>
    public void Report(double done, double total, string? detail = null) => Notices.Report(new RunNotice.StageAdvanced(Stage, done, total, detail));

    /// <summary>Records a file, or every file of a folder, that the stage has written whole below the run folder. A later start of the run verifies it.</summary>
    public async Task RecordAsync(string path, CancellationToken cancel = default)
    {
        string[] files = Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories) : [path];
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            StoredFile stored = await Artifacts.DescribeAsync(Folder.NameOf(file), cancel);
            await Ledger.PutArtifactAsync(Run, new ArtifactRow(stored.Name, Stage.Text(), null, stored.Hash, stored.Bytes), cancel);
        }
    }

    /// <summary>The done samples of a stage in the run's order; their files come verified from <see cref="IArtifactStore.FetchAsync"/>.</summary>
    public async IAsyncEnumerable<SampleRow> DoneSamplesAsync(
        StageName stage, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel = default)
    {
        long after = -1;
        IReadOnlyList<SampleRow> page;
        while ((page = await Ledger.SamplesAsync(Run, stage.Text(), new SampleQuery(SampleState.Done, after), cancel)).Count > 0)
        {
            foreach (SampleRow row in page)
            {
                yield return row;
            }

            after = page[^1].Ordinal;
        }
    }
}

/// <summary>A sign of life from a run.</summary>
public abstract record RunNotice(StageName Stage)
{
    /// <summary>The run was planned, before anything of it started.</summary>
    public sealed record Planned(RunPlan Plan) : RunNotice(StageName.Prepare);

    /// <summary>It could not be planned; the run goes on without, and its stages say what is wrong where something is.</summary>
    public sealed record NotPlanned(string Reason) : RunNotice(StageName.Prepare);

    /// <summary>The ledger cannot be reached; the run waits for it.</summary>
    /// <param name="Reason">What is wrong.</param>
    /// <param name="For">For how long already.</param>
    public sealed record LedgerAway(string Reason, TimeSpan For) : RunNotice(StageName.Prepare);

    /// <summary>The ledger is there again; the run goes on.</summary>
    /// <param name="After">How long it was away.</param>
    public sealed record LedgerBack(TimeSpan After) : RunNotice(StageName.Prepare);

    /// <summary>A stage starts.</summary>
    public sealed record StageStarted(StageName Stage) : RunNotice(Stage);

    /// <summary>A stage is so far.</summary>
    public sealed record StageAdvanced(StageName Stage, double Done, double Total, string? Detail) : RunNotice(Stage);

    /// <summary>A stage has ended.</summary>
    /// <param name="Stage">Which.</param>
    /// <param name="State">How.</param>
    /// <param name="Worked">Wall time over all its starts.</param>
    /// <param name="Summary">What it says, JSON.</param>
    public sealed record StageSettled(StageName Stage, StageState State, TimeSpan Worked, string? Summary) : RunNotice(Stage);

    /// <summary>Something made before is gone or altered and is made again.</summary>
    public sealed record Redone(StageName Stage, string Reason) : RunNotice(Stage);
}
