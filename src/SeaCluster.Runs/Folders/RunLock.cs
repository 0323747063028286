using System.Globalization;
using System.Text;
using System.Text.Json;
using SeaCluster.Models;

namespace SeaCluster.Runs.Folders;

/// <summary>Who works on a run folder.</summary>
public sealed record RunLockHolder(int ProcessId, string Machine, DateTimeOffset Since)
{
    /// <summary><c>process 17 on host since 2026-11-22 12:00:00Z</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"process {ProcessId} on {Machine} since {Since:u}");
}

/// <summary>
/// At most one process works on a run folder. The system holds the lock with the open file, so it dies with the process, however that ends.
/// </summary>
public sealed class RunLock : IDisposable
{
    private const int MostLooks = 100;
    private static readonly TimeSpan LookTime = TimeSpan.FromMilliseconds(5);

    private readonly FileStream _held;

    private RunLock(FileStream held) => _held = held;

    /// <exception cref="SeaException">Another process holds it.</exception>
    public static RunLock Acquire(RunFolder folder, TimeProvider time)
    {
        FileStream? file = null;
        try
        {
            for (int looks = 0; file is null; looks++)
            {
                try
                {
                    file = new FileStream(folder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
                }
                catch (IOException) when (looks < MostLooks && !IsHeld(folder))
                {
                    Thread.Sleep(LookTime); // Somebody looks who holds it, which takes no longer than this.
                }
            }
        }
        catch (IOException) when (IsHeld(folder))
        {
            throw new SeaException($"{folder.Path}: {Describe(folder)} works on this run", "wait for it, stop it, or give another --out; 'sea status' watches it");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"{folder.Lock}: cannot lock the run folder: {error.Message}", inner: error);
        }

        AtomicFile.WriteAllText(HolderFile(folder), JsonSerializer.Serialize(new RunLockHolder(Environment.ProcessId, Environment.MachineName, time.GetUtcNow())));
        return new RunLock(file);
    }

    /// <summary>Who holds it now, or null.</summary>
    public static RunLockHolder? HolderOf(RunFolder folder) => IsHeld(folder) ? Read(folder) ?? new RunLockHolder(0, "?", default) : null;

    /// <inheritdoc/>
    public void Dispose() => _held.Dispose();

    private static bool IsHeld(RunFolder folder)
    {
        if (!File.Exists(folder.Lock))
        {
            return false;
        }

        try
        {
            // A shared look: two who look do not disturb each other.
            using FileStream look = new(folder.Lock, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static string Describe(RunFolder folder) => Read(folder)?.ToString() ?? "another process";

    private static RunLockHolder? Read(RunFolder folder)
    {
        try
        {
            return JsonSerializer.Deserialize<RunLockHolder>(File.ReadAllText(HolderFile(folder), Encoding.UTF8));
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            // Only a description; the lock itself is the truth.
            return null;
        }
    }

    private static string HolderFile(RunFolder folder) => folder.Lock + ".json";
}
