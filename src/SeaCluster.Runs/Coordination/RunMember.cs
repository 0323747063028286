using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Runs.Coordination;

/// <summary>A run that another process drives, opened by one that works for it: its ledger and its frozen spec.</summary>
public sealed class RunMember : IAsyncDisposable
{
    private readonly RunFolder _folder;
    private readonly ILedger _ledger;
    private readonly RunRow _run;
    private readonly RunSpec _spec;
    private readonly TimeProvider _time;
    private readonly Action<RunNotice> _tell;

    private RunMember(RunFolder folder, ILedger ledger, RunRow run, RunSpec spec, TimeProvider time, Action<RunNotice> tell)
    {
        _folder = folder;
        _ledger = ledger;
        _run = run;
        _spec = spec;
        _time = time;
        _tell = tell;
    }

    /// <summary>Opens a folder's run; its ledger is waited for when it goes away later.</summary>
    /// <param name="folder">The folder, as this machine reaches it.</param>
    /// <param name="run">The run that must be there; null takes whichever is.</param>
    /// <param name="overrides">Options of the spec that differ on this machine; only operational ones.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tell">Where signs of life go; called on any thread.</param>
    /// <param name="stop">Stops waiting, also for the ledger.</param>
    /// <exception cref="SeaException">There is no run, or another one; what decides results would differ here.</exception>
    public static async Task<RunMember> OpenAsync(
        RunFolder folder, string? run, IReadOnlyList<KeyValuePair<string, string>> overrides, TimeProvider time, Action<RunNotice> tell, CancellationToken stop)
    {
        if (!folder.HasRun)
        {
            throw new SeaException($"{folder.Path}: no run was begun here", "every machine of a cluster must reach the folder that holds the run folders");
        }

        RunLedger opened = await RunLedger.OpenAsync(folder, null, create: false, time, stop);
        ILedger ledger = new PatientLedger(
            new MeteredLedger(opened.Ledger, ProcessHealth.Current), time, (reason, gone) => tell(new RunNotice.LedgerAway(reason, gone)), gone => tell(new RunNotice.LedgerBack(gone)), stop);
        try
        {
            RunRow row = await opened.FindRunAsync(stop) ?? throw new SeaException($"{opened.Shown}: holds no run yet");
            if (run is not null && row.Id != run)
            {
                throw new SeaException($"{folder.Path}: expected the run {run}, found {row.Id}", "start every silo with the folder that holds the run folders");
            }

            return new RunMember(folder, ledger, row, RunSession.SpecHere(row, folder, opened.Shown, overrides), time, tell);
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    /// <summary>The run's id.</summary>
    public string Run => _run.Id;

    /// <summary>What a stage of it works with.</summary>
    public RunContext Context(StageName stage) => ContextOf(_run, stage, _spec, _folder, _ledger, _time, _tell);

    /// <summary>What a stage of a run that another process drives works with.</summary>
    internal static RunContext ContextOf(RunRow run, StageName stage, RunSpec spec, RunFolder folder, ILedger ledger, TimeProvider time, Action<RunNotice> tell) => new()
    {
        Stage = stage,
        Spec = spec,
        SpecHash = run.SpecHash,
        Run = run.Id,
        Folder = folder,
        Ledger = ledger,
        Artifacts = new FolderArtifactStore(folder.Path),
        Time = time,
        Notices = new Forward(tell),
    };

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    private sealed class Forward(Action<RunNotice> on) : IProgress<RunNotice>
    {
        public void Report(RunNotice value) => on(value);
    }
}
