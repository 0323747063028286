using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Specs;

/// <summary>A file or folder that a run reads, and what was in it when the run began.</summary>
/// <param name="Option">The option that names it, such as <c>data.path</c>.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Hash">sha256: of a file's bytes; of a folder's names, sizes and small files' bytes.</param>
/// <param name="Bytes">Its size.</param>
public sealed record SpecInput(string Option, string Path, string Hash, long Bytes);

/// <summary>Fingerprints what a spec's paths name, so that a resumed run notices when it changed.</summary>
public static class SpecInputs
{
    /// <summary>Every path that a spec gives, by the option that gives it; whether anything is there is not asked.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Paths(RunSpec spec) =>
        [.. SpecSchema.Root.Options.Where(option => option.Rules.Path).Select(option => (option.Path, Value: option.ValueIn(spec) as string))
            .Where(option => option.Value is { Length: > 0 }).Select(option => KeyValuePair.Create(option.Path, option.Value!))];

    // Configurations, tokenizers and indices are below this; weight files are told apart by name and size, not read through.
    private const long SmallFile = 32L << 20;

    /// <summary>The inputs in the order of the spec.</summary>
    /// <exception cref="SeaException">One cannot be read.</exception>
    public static IReadOnlyList<SpecInput> Fingerprint(RunSpec spec)
    {
        List<SpecInput> inputs = [];
        foreach (SpecEntry option in SpecSchema.Root.Options.Where(option => option.Rules is { Path: true, Operational: false }))
        {
            if (option.ValueIn(spec) is string { Length: > 0 } path)
            {
                inputs.Add(Fingerprint(option.Path, path));
            }
        }

        return inputs;
    }

    /// <summary>One of them.</summary>
    /// <exception cref="SeaException">It cannot be read.</exception>
    public static SpecInput Fingerprint(string option, string path)
    {
        try
        {
            return Directory.Exists(path) ? Folder(option, path) : new SpecInput(option, path, HashOf(path), new FileInfo(path).Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"{option}: cannot read {path}: {error.Message}", inner: error);
        }
    }

    /// <summary>What was in them when a run began.</summary>
    public static IReadOnlyList<SpecInput> Recorded(RunRow run) => JsonSerializer.Deserialize<List<SpecInput>>(run.Inputs) ?? [];

    private static SpecInput Folder(string option, string path)
    {
        StringBuilder listing = new();
        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(path).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 })
            .OrderBy(file => file.FullName, StringComparer.Ordinal))
        {
            bytes += file.Length;
            string content = file.Length <= SmallFile ? HashOf(file.FullName) : "";
            listing.Append(CultureInfo.InvariantCulture, $"{Path.GetRelativePath(path, file.FullName)}\t{file.Length}\t{content}\n");
        }

        return new SpecInput(option, path, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(listing.ToString()))), bytes);
    }

    private static string HashOf(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
