using System.Text.Json;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>Eraser through the real command: its data, then a run on them.</summary>
public sealed class EraserTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sea-eraser-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("clean")]
    [InlineData("faithful")]
    public async Task Data_are_made_of_rows_and_a_run_unlearns_on_them(string mode)
    {
        string data = Path.Combine(folder, "unlearn"), run = Path.Combine(folder, "run");
        SeaResult made = await SeaProcess.Run(Eraser(data));
        made.ExitCode.ShouldBe(0, made.All);
        using JsonDocument counts = JsonDocument.Parse(made.Output);
        counts.RootElement.GetProperty("harm").GetInt32().ShouldBe(6);
        counts.RootElement.GetProperty("align").GetInt32().ShouldBe(6);
        int help = counts.RootElement.GetProperty("help").GetInt32();
        help.ShouldBeGreaterThan(0);
        byte[] before = File.ReadAllBytes(Path.Combine(data, "help.jsonl"));
        SeaResult again = await SeaProcess.Run(Eraser(data));
        again.ExitCode.ShouldBe(0, again.All);
        File.ReadAllBytes(Path.Combine(data, "help.jsonl")).ShouldBe(before);
        SeaResult other = await SeaProcess.Run([.. Eraser(data), "--seed", "5"]);
        other.ExitCode.ShouldBe(2, other.All);
        other.Error.ShouldContain("seed was 0, is 5");

        SeaResult result = await SeaProcess.Run(
            "run", Repository.PathOf("samples", "demo", "run.yaml"), "--out", run, "--json", "--set", $"data.eraser={data}", "--set", "align.method=eraser", "--set", "align.adapter=lora", "--set", "data.limit=6",
            "--set", "align.mix={}", "--set", $"align.eraser.mode={mode}", "--set", "align.eraser.rows=2", "--set", "align.steps=2", "--set", "align.warmup=1", "--set", "evaluate.max_new_tokens=1");
        result.ExitCode.ShouldBe(0, result.All);
        JsonElement[] steps = [.. File.ReadLines(Path.Combine(run, "align.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];
        steps.Length.ShouldBe(2);
        steps[0].GetProperty("retain").GetDouble().ShouldBe(0, 1e-6);
        steps[0].GetProperty("harm_nll").GetDouble().ShouldBeGreaterThan(0);
        File.Exists(Path.Combine(run, "adapter", "adapter_model.safetensors")).ShouldBeTrue();
        Directory.Exists(Path.Combine(run, "embeddings")).ShouldBeFalse();

        SeaResult aligned = await SeaProcess.Run(
            "align", "--model", Base, "--eraser", data, "--set", "method=eraser", "--set", "warmup=0", "--steps", "1", "--out", Path.Combine(folder, "aligned"), "--json");
        aligned.ExitCode.ShouldBe(0, aligned.All);
    }

    [Fact]
    public async Task What_does_not_fit_together_is_wrong_use()
    {
        SeaResult asked = await SeaProcess.Run([.. Eraser(Path.Combine(folder, "never")), "--entities", "llm"]);
        asked.ExitCode.ShouldBe(2, asked.All);
        asked.Error.ShouldContain("--llm is missing");
        SeaResult idle = await SeaProcess.Run([.. Eraser(Path.Combine(folder, "never")), "--llm", "http://127.0.0.1:9/v1", "--llm-model", "m"]);
        idle.ExitCode.ShouldBe(2, idle.All);
        idle.Error.ShouldContain("nothing asks it");
        SeaResult bare = await SeaProcess.Run("align", "--model", Base, "--out", Path.Combine(folder, "never"));
        bare.ExitCode.ShouldBe(2, bare.All);
        bare.Error.ShouldContain("--data is missing");
    }

    private static string Base => Repository.PathOf("samples", "demo", "base-image");

    private static string[] Eraser(string data) => ["eraser", "--model", Base, "--data", Repository.PathOf("samples", "demo", "rows.jsonl"), "--out", data, "--limit", "6", "--max-entities", "5", "--max-new-tokens", "6", "--json"];
}
