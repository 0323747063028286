using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Artifacts;

/// <summary>Writes an artifact's bytes; called once, must not keep the stream.</summary>
public delegate void ArtifactContent(Stream stream);

/// <summary>What is at an artifact's name.</summary>
public enum ArtifactCheck
{
    /// <summary>The bytes that were written.</summary>
    Intact,

    /// <summary>Nothing.</summary>
    Missing,

    /// <summary>Other bytes: torn by a crash of the machine, or changed.</summary>
    Altered,
}

/// <summary>Holds results. What it returned a <see cref="StoredFile"/> for is durable, and is either read as it was written or not at all.</summary>
public interface IArtifactStore
{
    /// <summary>
    /// Writes an artifact under <c>folder/name-HASH.extension</c>, HASH being the first 16 digits of its sha256: equal bytes get one name,
    /// other bytes never the same, so a worker that lost its lease cannot replace what another one wrote.
    /// </summary>
    /// <param name="folder">Below the store's root, forward slashes.</param>
    /// <param name="name">Any text; see <see cref="SafeName"/>.</param>
    /// <param name="extension">With its dot.</param>
    /// <param name="content">Writes the bytes.</param>
    /// <param name="cancel">Stops before the file gets its name.</param>
    Task<StoredFile> WriteAsync(string folder, string name, string extension, ArtifactContent content, CancellationToken cancel = default);

    /// <summary>
    /// Takes a file that another store wrote over under the same kind of name: the same bytes under a second name where the file system can, a copy elsewhere. Nobody writes into an
    /// artifact, so that whoever deletes one name leaves the other whole.
    /// </summary>
    /// <param name="folder">Below the store's root.</param>
    /// <param name="name">Any text; see <see cref="SafeName"/>.</param>
    /// <param name="extension">With its dot.</param>
    /// <param name="path">The file, verified by the store that wrote it.</param>
    /// <param name="file">Its hash and size.</param>
    /// <param name="cancel">Stops before the file gets its name.</param>
    Task<StoredFile> AdoptAsync(string folder, string name, string extension, string path, StoredFile file, CancellationToken cancel = default);

    /// <summary>Compares an artifact with what was recorded: its size, and with <paramref name="content"/> its hash too.</summary>
    Task<ArtifactCheck> CheckAsync(StoredFile file, bool content = true, CancellationToken cancel = default);

    /// <summary>A local path that holds the artifact's bytes, verified.</summary>
    /// <exception cref="SeaException">It is missing or altered.</exception>
    Task<string> FetchAsync(StoredFile file, CancellationToken cancel = default);

    /// <summary>Size and hash of a file that a stage wrote below the root itself, by its name.</summary>
    /// <exception cref="SeaException">It is not there.</exception>
    Task<StoredFile> DescribeAsync(string name, CancellationToken cancel = default);

    /// <summary>
    /// Deletes the artifacts and temporary files in a folder beyond <paramref name="keep"/>: leavings of killed or late workers. Only once every sample is settled. A late worker may
    /// still be writing a result that will not count: its file is left alone until it has not changed for <paramref name="quiet"/>.
    /// </summary>
    /// <returns>How many files went.</returns>
    Task<int> SweepAsync(string folder, IReadOnlySet<string> keep, TimeSpan quiet, CancellationToken cancel = default);
}
