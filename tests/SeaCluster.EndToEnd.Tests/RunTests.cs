using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Tests;
using Xunit.Abstractions;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>The whole chain through the real command, on few rows of the small world.</summary>
public sealed class RunTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 8;

    private static readonly string[] Small =
    [
        "--set", "data.limit=6", "--set", "synthesize.steps=6", "--set", "synthesize.slots=4", "--set", "align.steps=8", "--set", "align.warmup=2", "--set", "align.checkpoint_every=2",
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("sea-run-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_deterministic_run_killed_at_random_moments_ends_with_the_bytes_of_an_undisturbed_one()
    {
        string undisturbed = Path.Combine(folder, "undisturbed"), killed = Path.Combine(folder, "killed");
        SeaResult whole = await SeaProcess.Run([.. Command(undisturbed), "--deterministic"]);
        whole.ExitCode.ShouldBe(0, whole.All);
        Random random = new(7);
        int kills = 0;
        for (; kills < Kills; kills++)
        {
            if (await KilledAfter(killed, random.Next(0, 16)) is { } finished)
            {
                finished.ExitCode.ShouldBe(0, finished.All);
                break;
            }
        }

        SeaResult last = await SeaProcess.Run([.. Command(killed), "--deterministic"]);
        last.ExitCode.ShouldBe(0, last.All);
        output.WriteLine($"killed {kills} times");
        kills.ShouldBeGreaterThan(2);
        Same(undisturbed, killed, "adapter", "*");
        Same(undisturbed, killed, "embeddings", "*.safetensors");
        Same(undisturbed, killed, "evaluation", "*.jsonl");
        Same(undisturbed, killed, "", "prepared*.jsonl");
        Summaries(last).ShouldBe(Summaries(whole));
    }

    [Fact]
    public async Task A_dry_run_plans_every_stage_and_writes_nothing_and_a_run_sets_its_plan_beside_what_happened()
    {
        string run = Path.Combine(folder, "planned");
        SeaResult dry = await SeaProcess.Run([.. Command(run), "--dry-run"]);
        dry.ExitCode.ShouldBe(0, dry.All);
        Directory.Exists(run).ShouldBeFalse();
        using JsonDocument plan = JsonDocument.Parse(dry.Output);
        Dictionary<string, JsonElement> stages = plan.RootElement.GetProperty("stages").EnumerateArray().ToDictionary(stage => stage.GetProperty("stage").GetString()!);
        stages.Keys.ShouldBe(["prepare", "synthesize", "align", "evaluate"]);
        Items("prepare").ShouldBe((12, "rows"));
        Items("synthesize").ShouldBe((12, "embeddings"));
        Items("align").ShouldBe((8, "steps"));
        Items("evaluate").ShouldBe((192, "answers"));
        stages["synthesize"].GetProperty("slots").GetInt32().ShouldBe(4);
        stages["synthesize"].GetProperty("steps").GetInt32().ShouldBe(6);
        stages["synthesize"].GetProperty("seconds").GetDouble().ShouldBeGreaterThan(0);

        SeaResult done = await SeaProcess.Run(Command(run));
        done.ExitCode.ShouldBe(0, done.All);
        done.Error.ShouldContain("plan: 12 rows, 12 embeddings, 8 steps, 192 answers; at most ");
        long bytes = Directory.GetFiles(Path.Combine(run, "embeddings")).Sum(file => new FileInfo(file).Length);
        ((double)stages["synthesize"].GetProperty("disk_bytes").GetInt64()).ShouldBeInRange(0.5 * bytes, bytes);
        SeaResult status = await SeaProcess.Run("status", run, "--json");
        using JsonDocument told = JsonDocument.Parse(status.Output);
        foreach (JsonElement stage in told.RootElement.GetProperty("stages").EnumerateArray().Where(stage => stage.GetProperty("stage").GetString() != "report"))
        {
            stage.GetProperty("planned_seconds").GetDouble().ShouldBeGreaterThan(0);
            stage.GetProperty("worked_seconds").GetDouble().ShouldBeGreaterThan(0);
        }

        (await SeaProcess.Run("status", run)).Output.Split('\n').Where(line => line.Length > 80 && !line.Contains(folder, StringComparison.Ordinal)).ShouldBeEmpty();
        (await File.ReadAllTextAsync(Path.Combine(run, "report.html"))).ShouldContain("Predicted");

        (int, string?) Items(string stage) => (stages[stage].GetProperty("items").GetInt32(), stages[stage].GetProperty("unit").GetString());
    }

    [RequiresFact("env kill")]
    public async Task Interrupted_in_a_stage_it_ends_with_130_and_its_folder_is_enough_to_go_on()
    {
        string run = Path.Combine(folder, "interrupted");
        using Process process = SeaProcess.StartInterruptible(Command(run), ("SEA_PROGRESS", "every"));
        while (await process.StandardError.ReadLineAsync() is { } line && !line.StartsWith("align: 1/", StringComparison.Ordinal))
        {
            // The interruption is to fall into the training.
        }

        using (Process interrupt = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            await interrupt.WaitForExitAsync();
        }

        SeaResult stopped = await SeaProcess.Finish(process);
        stopped.ExitCode.ShouldBe(130, stopped.All);
        stopped.Error.ShouldContain("what is done is kept, go on with");
        SeaResult status = await SeaProcess.Run("status", run);
        status.Output.ShouldContain($"go on with\n  sea run {run}");

        SeaResult rest = await SeaProcess.Run("run", run, "--json");
        rest.ExitCode.ShouldBe(0, rest.All);
        SeaResult elsewhere = await SeaProcess.Run("run", run, "--out", Path.Combine(folder, "elsewhere"));
        elsewhere.ExitCode.ShouldBe(2, elsewhere.All);
        elsewhere.Error.ShouldContain("is the folder of a run, which goes on there");
        SeaResult other = await SeaProcess.Run("run", run, "--set", "align.steps=9");
        other.ExitCode.ShouldBe(2, other.All);
        other.Error.ShouldContain("align.steps: 8 -> 9");
    }

    [Fact]
    public async Task A_run_that_is_done_is_left_as_it_is_and_a_deleted_embedding_is_made_again()
    {
        string run = Path.Combine(folder, "run");
        SeaResult first = await SeaProcess.Run(Command(run));
        first.ExitCode.ShouldBe(0, first.All);
        string[] embeddings = Directory.GetFiles(Path.Combine(run, "embeddings"));
        embeddings.Length.ShouldBe(12);
        DateTime made = File.GetLastWriteTimeUtc(embeddings[0]);
        SeaResult again = await SeaProcess.Run(Command(run));
        again.ExitCode.ShouldBe(0, again.All);
        File.GetLastWriteTimeUtc(embeddings[0]).ShouldBe(made);
        File.Delete(embeddings[1]);
        SeaResult repaired = await SeaProcess.Run(Command(run));
        repaired.ExitCode.ShouldBe(0, repaired.All);
        Directory.GetFiles(Path.Combine(run, "embeddings")).Length.ShouldBe(12);
        File.GetLastWriteTimeUtc(embeddings[0]).ShouldBe(made);
    }

    [Fact]
    public async Task A_wrong_key_is_named_with_its_line_and_the_nearest_right_one()
    {
        string spec = Path.Combine(folder, "wrong.yaml");
        await File.WriteAllTextAsync(spec, "model:\n  path: nowhere\ndata:\n  path: nothing.jsonl\nsynthesize:\n  stpes: 3\n");
        SeaResult result = await SeaProcess.Run("run", spec, "--out", Path.Combine(folder, "never"));
        result.ExitCode.ShouldNotBe(0);
        result.Error.ShouldContain("synthesize.stpes");
        result.Error.ShouldContain("steps");
        result.Error.ShouldContain("wrong.yaml");
        Directory.Exists(Path.Combine(folder, "never")).ShouldBeFalse();
    }

    private static string[] Command(string run) => ["run", Repository.PathOf("samples", "demo", "run.yaml"), "--out", run, "--json", .. Small];

    // Null after a kill; the result where the run came to its end first.
    private static async Task<SeaResult?> KilledAfter(string run, int lines)
    {
        using Process process = SeaProcess.Start(null, [.. Command(run), "--deterministic"], ("SEA_PROGRESS", "every"));
        for (int i = 0; i < lines; i++)
        {
            if (await process.StandardError.ReadLineAsync() is null)
            {
                return await SeaProcess.Finish(process);
            }
        }

        process.Kill();
        await process.WaitForExitAsync();
        return null;
    }

    private static void Same(string first, string second, string part, string pattern)
    {
        string[] names = [.. Directory.GetFiles(Path.Combine(first, part), pattern).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
        names.ShouldNotBeEmpty();
        Directory.GetFiles(Path.Combine(second, part), pattern).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal).ShouldBe(names);
        foreach (string name in names)
        {
            File.ReadAllBytes(Path.Combine(second, part, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(first, part, name))).ShouldBeTrue($"{part}/{name} differs");
        }
    }

    // Without the hash of what a stage was built on: the preparation's report, which is part of that, says how long it took.
    private static string[] Summaries(SeaResult result) =>
        [.. JsonNode.Parse(result.Output)!["stages"]!.AsArray().Select(stage =>
        {
            JsonObject? summary = stage!["summary"] is { } text ? JsonNode.Parse(text.ToString())!.AsObject() : null;
            summary?.Remove("built_on");
            return $"{stage["stage"]}: {summary?.ToJsonString()}";
        })];
}
