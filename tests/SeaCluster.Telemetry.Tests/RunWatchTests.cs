using Microsoft.Extensions.Time.Testing;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Prometheus;

namespace SeaCluster.Telemetry.Tests;

/// <summary>Runs as numbers.</summary>
[Collection(WholeProcess.Collection)]
public sealed class RunWatchTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("sea-watch-").FullName;
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_run_is_told_of_while_it_is_young_and_one_that_cannot_be_read_is_counted()
    {
        SeaInstrumentation.Initialize();
        using MetricReader reader = new([SeaInstrumentation.Name]);
        await using (SqliteLedger ledger = SqliteLedger.Open(Path.Combine(Folder("good"), "ledger.db"), time, create: true))
        {
            await ledger.CreateRunAsync(new NewRun("good-1", "good", "spec", "hash", "[]"));
            await ledger.MoveRunAsync("good-1", RunState.Pending, RunState.Running);
            await ledger.MoveStageAsync("good-1", "synthesize", new StageMove(StageState.Pending, StageState.Running));
            await ledger.EnqueueAsync("good-1", "synthesize", "hash", [new NewSample("a", "1"), new NewSample("b", "2"), new NewSample("c", "3")]);
            await ledger.LeaseAsync("good-1", "synthesize", 1, new LeaseTerms("somebody", TimeSpan.FromMinutes(1)));
            await ledger.AddStageTimeAsync("good-1", "synthesize", TimeSpan.FromSeconds(7));
        }

        await File.WriteAllTextAsync(Path.Combine(root, "good", "align.jsonl"), "{\"step\":1,\"loss\":2.5}\n{\"step\":2,\"loss\":1.25}\n{\"step\":3,\"lo");
        await File.WriteAllTextAsync(Path.Combine(Folder("damaged"), "ledger.db"), new string('x', 5000));

        ProcessHealth health = new(time);
        await using RunWatch watch = new(root, null, time, health, TimeSpan.FromDays(365));
        await watch.LookAsync(CancellationToken.None);
        watch.Unreadable.ShouldBe(1);
        string text = PrometheusText.Write(reader.Read());
        foreach (string line in new[]
        {
            "seacluster_runs{seacluster_state=\"running\"} 1", "seacluster_runs_unreadable{} 1", "seacluster_queue_depth{} 2",
            "seacluster_run_samples{seacluster_run=\"good-1\",seacluster_stage=\"synthesize\",seacluster_state=\"leased\"} 1",
            "seacluster_run_stage_running{seacluster_run=\"good-1\",seacluster_stage=\"synthesize\"} 1", "seacluster_run_stage_duration_seconds{seacluster_run=\"good-1\",seacluster_stage=\"synthesize\"} 7",
            "seacluster_run_training_step{seacluster_run=\"good-1\"} 2", "seacluster_run_training_loss{seacluster_run=\"good-1\"} 1.25",
        })
        {
            text.ShouldContain(line + "\n");
        }

        text.ShouldNotContain("seacluster_run_llm_cost");
        time.Advance(TimeSpan.FromHours(25));
        await watch.LookAsync(CancellationToken.None);
        PrometheusText.Write(reader.Read()).ShouldNotContain("good-1");
    }

    private string Folder(string name) => Directory.CreateDirectory(Path.Combine(root, name)).FullName;
}
