using SeaCluster.Runs;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Orleans.Tests.InProcess;

/// <summary>What a run's ledger and folder hold.</summary>
internal static class Results
{
    public static async Task<IReadOnlyList<SampleRow>> SamplesAsync(RunFolder folder)
    {
        await using RunLedger ledger = await RunLedger.OpenAsync(folder, null, create: false, TimeProvider.System);
        string run = (await ledger.FindRunAsync())!.Id;
        return await ledger.Ledger.SamplesAsync(run, StageName.Synthesize.Text(), new SampleQuery());
    }

    /// <summary>Every sample is done, with the artifact that it has without a cluster; no artifact is left over; the adapter is the same.</summary>
    public static async Task ShouldEqualAsync(this RunFolder folder, RunFolder undisturbed)
    {
        IReadOnlyList<SampleRow> made = await SamplesAsync(folder), expected = await SamplesAsync(undisturbed);
        made.Select(row => (row.Id, row.State, row.Artifact, row.Loss, row.Steps)).ShouldBe(expected.Select(row => (row.Id, row.State, row.Artifact, row.Loss, row.Steps)));
        Directory.GetFiles(folder.Embeddings).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe(Directory.GetFiles(undisturbed.Embeddings).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (string file in Directory.GetFiles(folder.Embeddings))
        {
            File.ReadAllBytes(file).ShouldBe(File.ReadAllBytes(Path.Combine(undisturbed.Embeddings, Path.GetFileName(file))));
        }

        File.ReadAllBytes(Path.Combine(folder.Adapter, "adapter_model.safetensors")).ShouldBe(File.ReadAllBytes(Path.Combine(undisturbed.Adapter, "adapter_model.safetensors")));
    }
}
