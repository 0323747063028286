using System.Collections.Concurrent;
using System.Security.Cryptography;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Artifacts;

/// <summary>Opens artifacts and gives out none that is not what the ledger recorded. A file is read through once; as long as size and time of its last change stay, it is taken to be the same.</summary>
public sealed class VerifiedFiles
{
    private const int MostKept = 10_000;
    private readonly ConcurrentDictionary<string, (long Length, DateTime Written, string Hash)> _known = new(StringComparer.Ordinal);

    /// <summary>Opens an artifact; null where it is missing, altered, or leads out of its run's folder.</summary>
    public async Task<FileStream?> OpenAsync(RunFolder folder, StoredFile stored, CancellationToken cancel)
    {
        string path = folder.At(stored.Name);
        if (!SafeName.IsBelowRoot(stored.Name) || RealPath.Of(path) is not { } real || !RealPath.IsBelow(real, RealPath.Of(folder.Path)!))
        {
            return null;
        }

        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.Asynchronous);
            if (file.Length == stored.Bytes && await HashAsync(path, file, cancel) == stored.Hash)
            {
                file.Position = 0;
                (FileStream? given, file) = (file, null);
                return given;
            }

            return null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        finally
        {
            await (file?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private async Task<string> HashAsync(string path, FileStream file, CancellationToken cancel)
    {
        (long length, DateTime written) = (file.Length, File.GetLastWriteTimeUtc(file.SafeFileHandle));
        if (_known.TryGetValue(path, out (long Length, DateTime Written, string Hash) known) && known.Length == length && known.Written == written)
        {
            return known.Hash;
        }

        string hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
        if (_known.Count >= MostKept)
        {
            _known.Clear();
        }

        _known[path] = (length, written, hash);
        return hash;
    }
}
