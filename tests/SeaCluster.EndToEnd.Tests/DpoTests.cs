using System.Diagnostics;
using System.Text.Json;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>DPO through the real command: its reference is computed once and kept with the run.</summary>
public sealed class DpoTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sea-dpo-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_run_killed_in_its_training_goes_on_with_the_reference_that_it_kept_to_the_same_losses()
    {
        string undisturbed = Path.Combine(folder, "undisturbed"), killed = Path.Combine(folder, "killed");
        SeaResult whole = await SeaProcess.Run(Command(undisturbed));
        whole.ExitCode.ShouldBe(0, whole.All);
        using (Process process = SeaProcess.Start(null, Command(killed), ("SEA_PROGRESS", "every")))
        {
            while (await process.StandardError.ReadLineAsync() is { } line && !line.StartsWith("align: 3/", StringComparison.Ordinal))
            {
                // The kill is to fall into the training, behind the first checkpoint; many steps are left, since what is read here may lag behind on a busy machine.
            }

            process.Kill();
            await process.WaitForExitAsync();
        }

        string reference = Path.Combine(killed, "reference.jsonl");
        DateTime made = File.GetLastWriteTimeUtc(reference);
        SeaResult rest = await SeaProcess.Run(null, Command(killed), ("SEA_PROGRESS", "every"));
        rest.ExitCode.ShouldBe(0, rest.All);
        rest.Error.ShouldContain("going on from a checkpoint");
        rest.Error.ShouldNotContain("reference of");
        File.GetLastWriteTimeUtc(reference).ShouldBe(made);
        File.ReadAllBytes(reference).ShouldBe(File.ReadAllBytes(Path.Combine(undisturbed, "reference.jsonl")));
        Losses(killed).ShouldBe(Losses(undisturbed));
        Losses(killed).Length.ShouldBe(30);

        // The ledger knows it: once it is gone, the alignment is done again.
        File.Delete(reference);
        SeaResult again = await SeaProcess.Run(Command(killed));
        again.ExitCode.ShouldBe(0, again.All);
        again.Error.ShouldContain("align is done again: reference.jsonl is missing");
        File.ReadAllBytes(reference).ShouldBe(File.ReadAllBytes(Path.Combine(undisturbed, "reference.jsonl")));
    }

    // Text alone: the reference is what is looked at, not the embeddings.
    private static string[] Command(string run) =>
    [
        "run", Repository.PathOf("samples", "demo", "run.yaml"), "--out", run, "--json", "--set", "align.method=dpo", "--set", "data.limit=6", "--set", "align.steps=30", "--set", "align.warmup=1",
        "--set", "align.checkpoint_every=1", "--set", "align.mix.harmful_media=0", "--set", "align.mix.benign_media=0", "--set", "align.mix.retention=0", "--set", "evaluate.max_new_tokens=1",
    ];

    private static double[] Losses(string run) => [.. File.ReadLines(Path.Combine(run, "align.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("loss").GetDouble())];
}
