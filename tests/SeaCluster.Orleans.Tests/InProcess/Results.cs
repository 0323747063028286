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
        Names(folder).ShouldBe(Names(undisturbed));
        foreach (string name in Names(folder))
        {
            File.ReadAllBytes(Path.Combine(folder.Embeddings, name)).ShouldBe(File.ReadAllBytes(Path.Combine(undisturbed.Embeddings, name)));
        }

        File.ReadAllBytes(Path.Combine(folder.Adapter, "adapter_model.safetensors")).ShouldBe(File.ReadAllBytes(Path.Combine(undisturbed.Adapter, "adapter_model.safetensors")));
    }

    // What a killed silo was writing is no result.
    private static string[] Names(RunFolder folder) => [.. Directory.GetFiles(folder.Embeddings).Select(file => Path.GetFileName(file)).Where(name => name[0] != '.').Order(StringComparer.Ordinal)];
}
