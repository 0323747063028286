using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;

namespace SeaCluster.Orleans.Hosting;

/// <summary>Makes the stages of a run; given where samples are worked on, or null for here.</summary>
internal delegate IReadOnlyList<IStage> StagesOfRun(Func<RunContext, CancellationToken, Task>? elsewhere = null);

/// <summary>The runs as this silo reaches them.</summary>
/// <param name="root">The folder that holds the run folders.</param>
/// <param name="overrides">Options of the spec that differ on this machine.</param>
/// <param name="stages">Makes the stages.</param>
/// <param name="time">The clock.</param>
internal sealed class SiloRuns(string root, IReadOnlyList<KeyValuePair<string, string>> overrides, StagesOfRun stages, TimeProvider time)
{
    /// <summary>The stages of a run.</summary>
    public StagesOfRun Stages => stages;

    /// <summary>The folder of a run.</summary>
    /// <exception cref="SeaException">The name leads elsewhere.</exception>
    public RunFolder FolderOf(RunReference run) => SafeName.IsBelowRoot(run.Folder)
        ? new RunFolder(Path.Combine(root, run.Folder))
        : throw new SeaException($"'{run.Folder}' is no folder below {root}");

    /// <summary>Where a run's results are.</summary>
    public IArtifactStore Store(RunReference run) => new FolderArtifactStore(FolderOf(run).Path);

    /// <summary>Opens a run to work for it.</summary>
    public Task<RunMember> OpenAsync(RunReference run, Action<RunNotice> tell, CancellationToken stop) =>
        RunMember.OpenAsync(FolderOf(run), run.Run, overrides, time, tell, stop);

    /// <exception cref="SeaException">The folder is not this run's.</exception>
    public async Task RequireAsync(RunReference run, CancellationToken stop) => await (await OpenAsync(run, _ => { }, stop)).DisposeAsync();
}
