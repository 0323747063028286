using System.Security.Cryptography;
using System.Text.RegularExpressions;
using SeaCluster.Models;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Artifacts;

/// <summary>Artifacts as files below one folder: temporary name, sync, rename, sync of the folder.</summary>
/// <param name="root">The folder.</param>
/// <param name="link">Gives a file (first) a second name (second); false where it cannot be done. The file system's hard links if null.</param>
public sealed partial class FolderArtifactStore(string root, Func<string, string, bool>? link = null) : IArtifactStore
{
    private const string Temporary = ".tmp";

    /// <inheritdoc/>
    public Task<StoredFile> WriteAsync(string folder, string name, string extension, ArtifactContent content, CancellationToken cancel = default)
    {
        string target = PathOf(folder);
        Directory.CreateDirectory(target);
        string temporary = Path.Combine(target, $".{Guid.NewGuid():N}{Temporary}");
        try
        {
            string hash;
            long bytes;
            using (FileStream file = new(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                content(file);
                file.Flush();
                Fault.Reach(FaultPoint.ArtifactWritten);
                bytes = file.Length;
                file.Position = 0;
                hash = Convert.ToHexStringLower(SHA256.HashData(file));
                file.Flush(flushToDisk: true);
            }

            Fault.Reach(FaultPoint.ArtifactSynced);
            cancel.ThrowIfCancellationRequested();
            string final = $"{SafeName.Of(name)}-{hash[..16]}{extension}";
            File.Move(temporary, Path.Combine(target, final), overwrite: true);
            DirectorySync.Flush(target);
            Fault.Reach(FaultPoint.ArtifactPublished);
            return Task.FromResult(new StoredFile($"{folder}/{final}", hash, bytes));
        }
        catch (IOException error)
        {
            throw new SeaException($"{target}: cannot write the artifact of '{name}': {error.Message}", "check the disk's space and permissions; the run goes on where it stopped", error);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <inheritdoc/>
    public Task<StoredFile> AdoptAsync(string folder, string name, string extension, string path, StoredFile file, CancellationToken cancel = default)
    {
        string target = PathOf(folder), final = $"{SafeName.Of(name)}-{file.Hash[..16]}{extension}";
        Directory.CreateDirectory(target);
        string temporary = Path.Combine(target, $".{Guid.NewGuid():N}{Temporary}");
        try
        {
            if (!(link ?? HardLink.TryCreate)(path, temporary))
            {
                return WriteAsync(
                    folder, name, extension,
                    stream =>
                    {
                        using FileStream source = File.OpenRead(path);
                        source.CopyTo(stream);
                    },
                    cancel);
            }

            cancel.ThrowIfCancellationRequested();
            File.Move(temporary, Path.Combine(target, final), overwrite: true);
            DirectorySync.Flush(target);
            Fault.Reach(FaultPoint.ArtifactPublished);
            return Task.FromResult(new StoredFile($"{folder}/{final}", file.Hash, file.Bytes));
        }
        catch (IOException error)
        {
            throw new SeaException($"{target}: cannot write the artifact of '{name}': {error.Message}", "check the disk's space and permissions; the run goes on where it stopped", error);
        }
        finally
        {
            // Where the name already stood for the same file, renaming leaves both.
            File.Delete(temporary);
        }
    }

    /// <inheritdoc/>
    public async Task<ArtifactCheck> CheckAsync(StoredFile file, bool content = true, CancellationToken cancel = default)
    {
        FileInfo info = new(PathOf(file.Name));
        if (!info.Exists)
        {
            return ArtifactCheck.Missing;
        }

        if (info.Length != file.Bytes)
        {
            return ArtifactCheck.Altered;
        }

        return !content || await HashOfAsync(info.FullName, cancel) == file.Hash ? ArtifactCheck.Intact : ArtifactCheck.Altered;
    }

    /// <inheritdoc/>
    public async Task<string> FetchAsync(StoredFile file, CancellationToken cancel = default)
    {
        string path = PathOf(file.Name);
        ArtifactCheck check = await CheckAsync(file, content: true, cancel);
        return check switch
        {
            ArtifactCheck.Intact => path,
            ArtifactCheck.Missing => throw new SeaException($"{path}: the artifact is missing", "run again: it is made again"),
            _ => throw new SeaException($"{path}: the artifact is not what was written (expected sha256 {file.Hash})", "run again: it is made again"),
        };
    }

    /// <inheritdoc/>
    public Task<int> SweepAsync(string folder, IReadOnlySet<string> keep, TimeSpan quiet, CancellationToken cancel = default)
    {
        string path = PathOf(folder);
        int gone = 0;
        // By the files' own times on both sides: another machine's clock may be minutes off, its file system's is not.
        DateTime newest = quiet > TimeSpan.Zero ? NowOn(path) : default;
        foreach (string file in Directory.Exists(path) ? Directory.GetFiles(path) : [])
        {
            cancel.ThrowIfCancellationRequested();
            if (OurName().IsMatch(Path.GetFileName(file)) && !keep.Contains($"{folder}/{Path.GetFileName(file)}")
                && (quiet <= TimeSpan.Zero || newest - File.GetLastWriteTimeUtc(file) >= quiet))
            {
                File.Delete(file);
                gone++;
            }
        }

        return Task.FromResult(gone);
    }

    /// <inheritdoc/>
    public async Task<StoredFile> DescribeAsync(string name, CancellationToken cancel = default)
    {
        FileInfo info = new(PathOf(name));
        if (!info.Exists)
        {
            throw new SeaException($"{info.FullName}: expected a file that the stage wrote, found none");
        }

        return new StoredFile(name, await HashOfAsync(info.FullName, cancel), info.Length);
    }

    private static DateTime NowOn(string path)
    {
        if (!Directory.Exists(path))
        {
            return default;
        }

        string touched = Path.Combine(path, $".{Guid.NewGuid():N}{Temporary}");
        File.WriteAllBytes(touched, []);
        DateTime now = File.GetLastWriteTimeUtc(touched);
        File.Delete(touched);
        return now;
    }

    private static async Task<string> HashOfAsync(string path, CancellationToken cancel)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel));
    }

    [GeneratedRegex(@"\A(\..*\.tmp|.*-[0-9a-f]{16}\.[A-Za-z0-9]+)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OurName();

    private string PathOf(string name) =>
        SafeName.IsBelowRoot(name) ? Path.Combine(root, name) : throw new SeaException($"'{name}' is no path below {root}");
}
