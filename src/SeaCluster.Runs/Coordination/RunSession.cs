using System.Text.Json;
using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Runs.Coordination;

/// <summary>A run folder opened by the one process that may change it: its lock, its ledger, and where the run stands.</summary>
public sealed class RunSession : IAsyncDisposable
{
    private readonly RunLock? _lock;
    private readonly EventMirror _events;
    private readonly string _shown;
    private readonly Dictionary<string, long> _versions;
    private long _version;

    private RunSession(RunFolder folder, RunLock? held, ILedger ledger, IArtifactStore artifacts, string shown, RunRow run, RunSpec spec, IReadOnlyList<StageRow> stages, bool begun)
    {
        _version = run.Version;
        _versions = stages.ToDictionary(row => row.Stage, row => row.Version, StringComparer.Ordinal);
        Progress = ProgressOf(run, stages);
        Begun = begun;
        Folder = folder;
        Ledger = ledger;
        _shown = shown;
        Run = run;
        Spec = spec;
        Artifacts = artifacts;
        _lock = held;
        _events = new EventMirror(ledger, run.Id, folder.Events);
    }

    /// <summary>Where everything lies.</summary>
    public RunFolder Folder { get; }

    /// <summary>The truth.</summary>
    public ILedger Ledger { get; }

    /// <summary>The results.</summary>
    public IArtifactStore Artifacts { get; }

    /// <summary>The run as it was when the folder was opened.</summary>
    public RunRow Run { get; }

    /// <summary>The spec: frozen in what decides results, as given now in the rest.</summary>
    public RunSpec Spec { get; }

    /// <summary>Whether the run was begun by this start, not by an earlier one.</summary>
    public bool Begun { get; }

    /// <summary>Where the run stands.</summary>
    public RunProgress Progress { get; private set; }

    /// <summary>Opens a run folder; makes it and records the run where there is none.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="spec">The spec; null takes the frozen one of a run that was begun.</param>
    /// <param name="time">The clock.</param>
    /// <param name="notices">Where to tell that the ledger is away: it is then waited for, once it was reached at first, until <paramref name="cancel"/>; null: calls fail at once.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="SeaException">
    /// Another process works on it; the spec or the files it names are not those of the run that was begun; the ledger cannot be used.
    /// </exception>
    public static async Task<RunSession> OpenAsync(RunFolder folder, RunSpec? spec, TimeProvider time, IProgress<RunNotice>? notices = null, CancellationToken cancel = default)
    {
        if (spec is null && !folder.HasRun)
        {
            throw new SeaException($"{folder.Path}: no run was begun here", "'sea run SPEC --out DIR' begins one") { WrongUse = true };
        }

        folder.Create();
        RunLock held = RunLock.Acquire(folder, time);
        ILedger? ledger = null;
        try
        {
            RunLedger opened = await RunLedger.OpenAsync(folder, spec?.Ledger, create: true, time, cancel);
            MeteredLedger metered = new(opened.Ledger, ProcessHealth.Current);
            ledger = notices is null ? metered : new PatientLedger(
                metered, time, (reason, gone) => notices.Report(new RunNotice.LedgerAway(reason, gone)), gone => notices.Report(new RunNotice.LedgerBack(gone)), cancel);
            RunRow? known = await opened.FindRunAsync(cancel);
            RunRow run = known ?? await CreateAsync(opened, spec ?? throw new SeaException($"{opened.Shown}: holds no run", "give the spec"), time, cancel);
            RunSpec frozen = FrozenSpec(run, folder, opened.Shown);
            if (known is not null && spec is not null)
            {
                RefuseOtherSpec(folder, frozen, spec);
                RefuseOtherInputs(run, spec);
            }

            if (!File.Exists(folder.Spec) || await File.ReadAllTextAsync(folder.Spec, cancel) != run.Spec)
            {
                AtomicFile.WriteAllText(folder.Spec, run.Spec);
            }

            if (!opened.Shared)
            {
                // The lock proves that no other process works on this run, so nobody need wait for leases of the dead. Workers of a shared ledger live on without us.
                await ledger.ExpireLeasesAsync(run.Id, cancel);
            }

            return new RunSession(folder, held, ledger, new FolderArtifactStore(folder.Path), opened.Shown, run, spec ?? frozen, await ledger.StagesAsync(run.Id, cancel), begun: known is null);
        }
        catch
        {
            await (ledger?.DisposeAsync() ?? ValueTask.CompletedTask);

            held.Dispose();
            throw;
        }
    }

    /// <summary>A begun run over a ledger and a store that the caller has open, and whose only driver the caller makes sure to be: for who keeps them elsewhere than in the folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="ledger">The ledger; the session's from now on.</param>
    /// <param name="artifacts">The results.</param>
    /// <param name="run">The run's id in the ledger.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="SeaException">The ledger does not hold the run.</exception>
    public static async Task<RunSession> OverAsync(RunFolder folder, ILedger ledger, IArtifactStore artifacts, string run, CancellationToken cancel = default)
    {
        RunRow row = await ledger.RunAsync(run, cancel) ?? throw new SeaException($"the ledger does not hold the run {run}");
        return new RunSession(folder, held: null, ledger, artifacts, "the ledger", row, FrozenSpec(row, folder, "the ledger"), await ledger.StagesAsync(row.Id, cancel), begun: false);
    }

    /// <summary>Records what the coordinator decides on an event.</summary>
    /// <returns>The stage to start, or null.</returns>
    public async Task<StageName?> ApplyAsync(RunEvent happened)
    {
        Decision decision = Coordinator.Decide(Progress, happened);
        StageName? start = null;
        foreach (RunCommand command in decision.Commands)
        {
            bool moved = true;
            switch (command)
            {
                case RunCommand.MoveRun move:
                    moved = await Ledger.MoveRunAsync(Run.Id, move.From, move.To, move.Message, _version++);
                    break;
                case RunCommand.MoveStage move:
                    long version = _versions.GetValueOrDefault(move.Stage.Text());
                    moved = await Ledger.MoveStageAsync(Run.Id, move.Stage.Text(), move.Move with { Version = version });
                    _versions[move.Stage.Text()] = version + 1;
                    break;
                case RunCommand.StartStage begin:
                    start = begin.Stage;
                    break;
            }

            if (!moved)
            {
                throw new SeaException($"{_shown}: the run was changed by another process ({command} was refused)", "run again: it goes on from where it stands");
            }
        }

        Progress = decision.Progress;
        await MirrorEventsAsync();
        return start;
    }

    /// <summary>Brings <c>events.jsonl</c> up to date.</summary>
    public Task MirrorEventsAsync() => _events.CatchUpAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _events.Dispose();
        await Ledger.DisposeAsync();
        _lock?.Dispose();
    }

    private static RunProgress ProgressOf(RunRow run, IReadOnlyList<StageRow> stages)
    {
        RunProgress progress = RunProgress.New with { Run = run.State };
        foreach (StageRow row in stages)
        {
            if (StageNames.Parse(row.Stage) is { } stage)
            {
                progress = progress with { Stages = progress.Stages.SetItem(stage, row.State) };
            }
        }

        return progress;
    }

    private static async Task<RunRow> CreateAsync(RunLedger opened, RunSpec spec, TimeProvider time, CancellationToken cancel)
    {
        string hash = SpecHash.Of(spec);
        string id = opened.Remember($"{SafeName.Of(spec.Name ?? "run")}-{Guid.CreateVersion7(time.GetUtcNow()):N}");
        // Where the ledger is stands beside it, without a password.
        string frozen = SpecWriter.ToYaml(spec with { Ledger = null }, "The spec of this run, frozen when it began, with every option written out.", $"sha256 of what decides results: {hash}");
        string inputs = JsonSerializer.Serialize(SpecInputs.Fingerprint(spec));
        await opened.Ledger.CreateRunAsync(new NewRun(id, spec.Name ?? "run", frozen, hash, inputs), cancel);
        return (await opened.Ledger.RunAsync(id, cancel))!;
    }

    internal static RunSpec FrozenSpec(RunRow run, RunFolder folder, string ledger, IReadOnlyList<KeyValuePair<string, string>>? overrides = null)
    {
        SpecReading reading = SpecReader.Read(run.Spec, folder.Path, overrides);
        return reading.Spec ?? throw SpecProblems.ToException($"the frozen spec in {ledger}", reading.Problems);
    }

    private static void RefuseOtherSpec(RunFolder folder, RunSpec frozen, RunSpec given)
    {
        IReadOnlyList<string> differences = SpecHash.Differences(frozen, given);
        if (differences.Count > 0)
        {
            throw new SeaException(
                $"{folder.Path}: a run was begun here with another spec:\n  {string.Join("\n  ", differences)}",
                $"give another --out for the new spec, or go on with the old one: sea run {folder.Spec} --out {folder.Path}") { WrongUse = true };
        }
    }

    private static void RefuseOtherInputs(RunRow run, RunSpec given)
    {
        IReadOnlyList<string> changed = ChangedInputs(run, given);
        if (changed.Count > 0)
        {
            throw new SeaException(
                $"files changed since the run began:\n  {string.Join("\n  ", changed)}",
                "put them back, or give another --out for a new run") { WrongUse = true };
        }
    }

    /// <summary>The files of a spec that are not what they were when a run began, a line each.</summary>
    internal static IReadOnlyList<string> ChangedInputs(RunRow run, RunSpec given)
    {
        Dictionary<string, SpecInput> before = SpecInputs.Recorded(run).ToDictionary(input => input.Option, StringComparer.Ordinal);
        return
        [
            .. SpecInputs.Fingerprint(given)
                .Where(now => !before.TryGetValue(now.Option, out SpecInput? then) || then.Hash != now.Hash)
                .Select(now => before.TryGetValue(now.Option, out SpecInput? then)
                    ? $"{now.Option}: {now.Path} is not what it was (sha256 {then.Hash[..12]} -> {now.Hash[..12]})"
                    : $"{now.Option}: {now.Path} was not given"),
        ];
    }

    /// <summary>The frozen spec with what differs on this machine.</summary>
    /// <exception cref="SeaException">An override would change results.</exception>
    internal static RunSpec SpecHere(RunRow run, RunFolder folder, string ledger, IReadOnlyList<KeyValuePair<string, string>> overrides)
    {
        RunSpec frozen = FrozenSpec(run, folder, ledger), here = FrozenSpec(run, folder, ledger, overrides);
        IReadOnlyList<string> differences = SpecHash.Differences(frozen, here);
        return differences.Count == 0 ? here : throw new SeaException($"{folder.Path}: what decides results cannot differ on one machine:\n  {string.Join("\n  ", differences)}");
    }
}
