using System.Security.Cryptography;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Kill;

/// <summary>What is left of a run, to be compared with another's.</summary>
internal static class RunFiles
{
    /// <summary>Every result file with its hash; what killed workers were writing is no result.</summary>
    public static List<string> Of(string run) =>
        [.. Directory.GetFiles(run, "*", SearchOption.AllDirectories)
            .Select(path => (Name: Path.GetRelativePath(run, path), Path: path))
            .Where(file => !file.Name.StartsWith("ledger.", StringComparison.Ordinal) && file.Name is not ("events.jsonl" or "spec.yaml") && Path.GetFileName(file.Name)[0] != '.')
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => $"{file.Name} {HashOf(file.Path)}")];

    /// <summary>Every sample with its result.</summary>
    public static async Task<List<string>> SamplesAsync(string run)
    {
        await using RunLedger opened = await RunLedger.OpenAsync(new RunFolder(run), given: null, create: false, TimeProvider.System);
        string id = (await opened.FindRunAsync())!.Id;
        return [.. (await opened.Ledger.SamplesAsync(id, "synthesize", new SampleQuery(Limit: 100_000)))
            .Select(row => $"{row.Ordinal} {row.Id} {row.State} {row.Artifact} {row.Loss} {row.Steps} {row.Error}")];
    }

    public static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
