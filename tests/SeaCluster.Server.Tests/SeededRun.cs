using System.Security.Cryptography;
using System.Text;
using SeaCluster.Runs;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;

namespace SeaCluster.Server.Tests;

/// <summary>A run folder with a ledger in it, as a run leaves them, without running one.</summary>
internal static class SeededRun
{
    public const string Run = "seeded-run";

    /// <summary>Samples s0, s1, ...: the first ones done, then quarantined, then leased, the rest pending.</summary>
    public static async Task<RunFolder> WriteAsync(string root, string name, int samples, int done = 0, int quarantined = 0, int leased = 0, string error = "the model said nothing", string prefix = "s", bool finished = false)
    {
        RunFolder folder = new(Path.Combine(root, name));
        Directory.CreateDirectory(folder.Path);
        await using SqliteLedger ledger = SqliteLedger.Open(folder.Ledger, TimeProvider.System);
        string stage = StageName.Synthesize.Text();
        await ledger.CreateRunAsync(new NewRun(Run, name, "model: { path: model }\ndata: { path: rows, benign: benign }\n", new string('0', 64), "[]"));
        await ledger.MoveRunAsync(Run, RunState.Pending, RunState.Running);
        await ledger.MoveStageAsync(Run, stage, new StageMove(StageState.Pending, StageState.Running));
        await ledger.EnqueueAsync(Run, stage, "hash", [.. Enumerable.Range(0, samples).Select(n => new NewSample($"{prefix}{n}", $$"""{"text":"kept to itself {{n}}"}"""))]);
        FolderArtifactStore store = new(folder.Path);
        LeaseTerms terms = new("worker-1", TimeSpan.FromHours(1));
        List<Completion> completions = [];
        foreach (Lease lease in await ledger.LeaseAsync(Run, stage, done, terms))
        {
            StoredFile file = await store.WriteAsync(RunFolder.EmbeddingsName, lease.Sample, ".safetensors", stream => stream.Write(Encoding.UTF8.GetBytes($"embedding of {lease.Sample}")));
            completions.Add(new Completion(lease.Sample, lease.Token, lease.SpecHash) { Artifact = file, Loss = 0.25, Steps = 7 });
        }

        await ledger.CompleteAsync(Run, stage, completions);
        IReadOnlyList<Lease> bad = await ledger.LeaseAsync(Run, stage, quarantined, terms);
        await ledger.FailAsync(Run, stage, [.. bad.Select(lease => new Failure(lease.Sample, lease.Token, error))], new RetryPolicy(1, TimeSpan.Zero, TimeSpan.Zero));
        await ledger.LeaseAsync(Run, stage, leased, terms);
        if (finished)
        {
            await ledger.MoveStageAsync(Run, stage, new StageMove(StageState.Running, quarantined > 0 ? StageState.Partly : StageState.Done));
            await ledger.MoveRunAsync(Run, RunState.Running, quarantined > 0 ? RunState.Partly : RunState.Done);
        }

        return folder;
    }

    /// <summary>A file of a stage, recorded in the ledger.</summary>
    public static async Task<string> PutAsync(RunFolder folder, StageName stage, string name, string content)
    {
        string path = folder.At(name.Split('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] bytes = Encoding.UTF8.GetBytes(content);
        await File.WriteAllBytesAsync(path, bytes);
        string hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        await using SqliteLedger ledger = SqliteLedger.Open(folder.Ledger, TimeProvider.System, create: false);
        await ledger.PutArtifactAsync(Run, new ArtifactRow(name, stage.Text(), null, hash, bytes.Length));
        return hash;
    }
}
