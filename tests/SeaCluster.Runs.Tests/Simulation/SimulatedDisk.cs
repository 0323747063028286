using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Simulation;

/// <summary>The real artifact folder as one process sees it: writing takes time, and the disk may be full.</summary>
internal sealed class SimulatedDisk(FolderArtifactStore store, VirtualWorld world, Func<bool> full) : IArtifactStore
{
    public async Task<StoredFile> WriteAsync(string folder, string name, string extension, ArtifactContent content, CancellationToken cancel = default)
    {
        await Task.Delay(world.Between(0, 0.5), world.Time, cancel);
        StoredFile written = full()
            ? throw new SeaException($"{folder}: cannot write the artifact of '{name}': no space left", inner: new IOException("no space left"))
            : Now(() => store.WriteAsync(folder, name, extension, content, cancel));
        await Task.Delay(world.Between(0, 0.5), world.Time, cancel);
        return written;
    }

    public Task<StoredFile> AdoptAsync(string folder, string name, string extension, string path, StoredFile file, CancellationToken cancel = default) =>
        Task.FromResult(Now(() => store.AdoptAsync(folder, name, extension, path, file, cancel)));

    public Task<ArtifactCheck> CheckAsync(StoredFile file, bool content = true, CancellationToken cancel = default) =>
        Task.FromResult(Now(() => store.CheckAsync(file, content, cancel)));

    public Task<string> FetchAsync(StoredFile file, CancellationToken cancel = default) =>
        Task.FromResult(Now(() => store.FetchAsync(file, cancel)));

    public Task<StoredFile> DescribeAsync(string name, CancellationToken cancel = default) =>
        Task.FromResult(Now(() => store.DescribeAsync(name, cancel)));

    public Task<int> SweepAsync(string folder, IReadOnlySet<string> keep, TimeSpan quiet, CancellationToken cancel = default) =>
        Task.FromResult(Now(() => store.SweepAsync(folder, keep, quiet, cancel)));

    // Files are read on the thread pool, of which the world knows nothing: it waits for them, and its clock stands still.
    private static T Now<T>(Func<Task<T>> work)
    {
        SynchronizationContext? actor = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return work().GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(actor);
        }
    }
}
