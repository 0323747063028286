using System.Text.Json;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests;

/// <summary><c>sea audit</c> and <c>sea verify</c> on a real run.</summary>
public sealed class AuditTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sea-audit-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("--deterministic", null)]
    [InlineData("--json", 1e-5)]
    public async Task A_run_is_proved_sound_and_its_embeddings_come_out_again_and_one_flipped_bit_is_found(string how, double? tolerance)
    {
        string run = Path.Combine(folder, "run");
        SeaResult made = await SeaProcess.Run(
            "run", Repository.PathOf("samples", "demo", "run.yaml"), "--out", run, how, "--set", "data.limit=6", "--set", "synthesize.steps=6", "--set", "synthesize.slots=4", "--set", "align.steps=8", "--set", "align.warmup=2");
        made.ExitCode.ShouldBe(0, made.All);

        SeaResult audit = await SeaProcess.Run("audit", run);
        audit.ExitCode.ShouldBe(0, audit.All);
        audit.Output.ShouldContain("sound: nothing lost, double or altered (the run is done)");
        audit.Output.Split('\n').Where(line => line.Length > 80).ShouldBeEmpty();

        SeaResult verify = await SeaProcess.Run("verify", run, "--samples", "5", "--seed", "3", "--json");
        verify.ExitCode.ShouldBe(0, verify.All);
        using JsonDocument found = JsonDocument.Parse(verify.Output);
        JsonElement root = found.RootElement;
        root.GetProperty("agrees").GetBoolean().ShouldBeTrue();
        root.GetProperty("done").GetInt64().ShouldBe(12);
        (root.GetProperty("tolerance").ValueKind == JsonValueKind.Null ? null : (double?)root.GetProperty("tolerance").GetDouble()).ShouldBe(tolerance);
        JsonElement[] samples = [.. root.GetProperty("samples").EnumerateArray()];
        samples.Select(sample => sample.GetProperty("sample").GetString()).Distinct().Count().ShouldBe(5);
        samples.ShouldAllBe(sample => sample.GetProperty("comparison").GetProperty("steps").GetInt32() == sample.GetProperty("comparison").GetProperty("steps_again").GetInt32());
        samples.ShouldAllBe(sample => sample.GetProperty("comparison").GetProperty("loss").GetDouble() > 0);
        samples.ShouldAllBe(sample => tolerance != null || sample.GetProperty("comparison").GetProperty("same_bytes").GetBoolean());
        SeaResult others = await SeaProcess.Run("verify", run, "--samples", "5", "--seed", "4");
        others.ExitCode.ShouldBe(0, others.All);
        others.Output.ShouldContain("5 of 5 agree");

        // The report may be written again, with answers revealed or not: it stays this run's.
        (await SeaProcess.Run("report", run, "--reveal")).ExitCode.ShouldBe(0);
        (await SeaProcess.Run("audit", run)).ExitCode.ShouldBe(0);

        string embedding = Directory.GetFiles(Path.Combine(run, "embeddings")).Order(StringComparer.Ordinal).First();
        byte[] bytes = await File.ReadAllBytesAsync(embedding);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(embedding, bytes);
        SeaResult altered = await SeaProcess.Run("audit", run);
        altered.ExitCode.ShouldBe(1, altered.All);
        altered.Output.ShouldContain($"files: embeddings/{Path.GetFileName(embedding)} is not what was written");
        altered.Output.ShouldContain("NOT sound");
    }

    [Fact]
    public async Task What_cannot_be_audited_or_verified_says_why()
    {
        SeaResult nothing = await SeaProcess.Run("audit", Path.Combine(folder, "nothing"));
        nothing.ExitCode.ShouldBe(2, nothing.All);
        nothing.Error.ShouldContain("no such folder");
        SeaResult few = await SeaProcess.Run("verify", folder, "--samples", "0");
        few.ExitCode.ShouldBe(2, few.All);
        few.Error.ShouldContain("--samples: expected a whole number, 1 to 100000.");
    }
}
