using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Work;

namespace SeaCluster.Runs.Tests;

/// <summary>A whole run without a model: every stage does real files, real samples and real checkpoints over hashes.</summary>
internal sealed class FakeRun(Action<string>? say = null)
{
    private const int AlignSteps = 60;
    private const int CheckpointEvery = 10;
    private readonly Action<string> _say = say ?? (_ => { });

    public Func<RunContext, CancellationToken, Task>? DuringAlign { get; init; }

    /// <summary>What a lane waits for before every step.</summary>
    public Func<CancellationToken, Task>? BeforeTick { get; init; }

    /// <summary>Writes rows, a model and a spec.</summary>
    /// <returns>The spec's path.</returns>
    public static string Write(string folder, int rows, string? bad = null, string? flaky = null)
    {
        Directory.CreateDirectory(Path.Combine(folder, "model"));
        File.WriteAllText(Path.Combine(folder, "model", "config.json"), "{}");
        File.WriteAllText(Path.Combine(folder, "benign.jsonl"), "");
        File.WriteAllLines(
            Path.Combine(folder, "rows.jsonl"),
            Enumerable.Range(0, rows).Select(n => $"row-{n}").Select(id => $$"""{"id":"{{id}}","prompt":"{{(id == bad ? "bad" : id == flaky ? "flaky" : "good")}} {{id}}"}"""));
        string spec = Path.Combine(folder, "run.yaml");
        File.WriteAllText(spec, "model: { path: model }\ndata: { path: rows.jsonl, benign: benign.jsonl }\nwork: { backoff: 5ms, lease: 2s }\n");
        return spec;
    }

    public RunEngine Engine(TimeProvider time) => new(Stages(), time);

    public IReadOnlyList<IStage> Stages(Func<RunContext, CancellationToken, Task>? elsewhere = null) =>
        [new Stage(StageName.Prepare, PrepareAsync), Synthesize(elsewhere), new Stage(StageName.Align, AlignAsync), new Stage(StageName.Evaluate, EvaluateAsync), new Stage(StageName.Report, ReportAsync)];

    private async Task<StageOutcome> PrepareAsync(RunContext context, CancellationToken stop)
    {
        IEnumerable<string> prepared = File.ReadLines(context.Spec.Data.Path).Select(line => line.Replace("prompt", "phrase", StringComparison.Ordinal));
        AtomicFile.WriteAllText(context.Folder.Prepared, string.Join('\n', prepared) + "\n");
        await context.RecordAsync(context.Folder.Prepared, stop);
        return StageOutcome.Done();
    }

    public SampleStage Synthesize(Func<RunContext, CancellationToken, Task>? elsewhere = null) => new(
        StageName.Synthesize,
        (context, _) => File.ReadLines(context.Folder.Prepared).Select(line => new NewSample(JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()!, line)).ToAsyncEnumerable(),
        (_, _) =>
        {
            _say("lane");
            return Task.FromResult<ISampleProcessor>(new FakeLane(4, _say, BeforeTick));
        },
        elsewhere: elsewhere);

    private async Task<StageOutcome> AlignAsync(RunContext context, CancellationToken stop)
    {
        await (DuringAlign?.Invoke(context, stop) ?? Task.CompletedTask);
        List<byte[]> embeddings = [];
        await foreach (SampleRow row in context.DoneSamplesAsync(StageName.Synthesize, stop))
        {
            embeddings.Add(File.ReadAllBytes(await context.Artifacts.FetchAsync(row.Artifact!, stop)));
        }

        string checkpoint = Path.Combine(context.Folder.Checkpoints, "align.json");
        (int step, byte[] weights) = File.Exists(checkpoint) ? JsonSerializer.Deserialize<Checkpoint>(File.ReadAllText(checkpoint))! : new Checkpoint(0, new byte[32]);
        for (; step < AlignSteps; step++)
        {
            if (step % CheckpointEvery == 0)
            {
                AtomicFile.WriteAllText(checkpoint, JsonSerializer.Serialize(new Checkpoint(step, weights)));
            }

            stop.ThrowIfCancellationRequested();
            weights = SHA256.HashData([.. weights, .. embeddings[step % embeddings.Count]]);
            _say($"align {step}");
            context.Report(step + 1, AlignSteps);
        }

        AtomicFile.Write(Path.Combine(context.Folder.Adapter, "adapter_model.safetensors"), stream => stream.Write(weights));
        await context.RecordAsync(context.Folder.Adapter, stop);
        Directory.Delete(context.Folder.Checkpoints, recursive: true);
        return StageOutcome.Done(new JsonObject { ["steps"] = AlignSteps });
    }

    private async Task<StageOutcome> EvaluateAsync(RunContext context, CancellationToken stop)
    {
        string adapter = Convert.ToHexStringLower(File.ReadAllBytes(Path.Combine(context.Folder.Adapter, "adapter_model.safetensors")));
        AtomicFile.WriteAllText(Path.Combine(context.Folder.Evaluation, "answers.jsonl"), $"{{\"adapter\":\"{adapter}\"}}\n");
        _say("evaluated");
        await context.RecordAsync(context.Folder.Evaluation, stop);
        return StageOutcome.Done();
    }

    private static async Task<StageOutcome> ReportAsync(RunContext context, CancellationToken stop)
    {
        AtomicFile.WriteAllText(context.Folder.Report, $"<pre>{File.ReadAllText(Path.Combine(context.Folder.Evaluation, "answers.jsonl"))}</pre>");
        await context.RecordAsync(context.Folder.Report, stop);
        return StageOutcome.Done();
    }

    private sealed record Checkpoint(int Step, byte[] Weights);

    private sealed class Stage(StageName name, Func<RunContext, CancellationToken, Task<StageOutcome>> run) : IStage
    {
        public StageName Name => name;

        public Task<StageOutcome> RunAsync(RunContext context, CancellationToken stop) => run(context, stop);
    }
}

/// <summary>Collects notices.</summary>
internal sealed class Notices(Action<RunNotice> on) : IProgress<RunNotice>
{
    public void Report(RunNotice value) => on(value);
}
