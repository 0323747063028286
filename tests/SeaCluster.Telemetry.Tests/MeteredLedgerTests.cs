using Microsoft.Extensions.Time.Testing;
using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Prometheus;

namespace SeaCluster.Telemetry.Tests;

/// <summary>What a ledger acknowledged is what is counted.</summary>
[Collection(WholeProcess.Collection)]
public sealed class MeteredLedgerTests : IDisposable
{
    private const string Stage = "metered";

    private readonly string folder = Directory.CreateTempSubdirectory("sea-metered-").FullName;
    private readonly FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(50));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Leases_results_losses_failures_and_quarantines_are_counted_once_and_as_the_ledger_says()
    {
        SeaInstrumentation.Initialize();
        using MetricReader reader = new([SeaInstrumentation.Name]);
        ProcessHealth health = new(time);
        await using MeteredLedger ledger = new(SqliteLedger.Open(Path.Combine(folder, "ledger.db"), time, create: true), health);
        await ledger.CreateRunAsync(new NewRun("run", "run", "spec", "hash", "[]"));
        await ledger.EnqueueAsync("run", Stage, "hash", [new NewSample("a", "1"), new NewSample("b", "2"), new NewSample("c", "3")]);
        LeaseTerms first = new("first", TimeSpan.FromSeconds(10), 3), second = new("second", TimeSpan.FromSeconds(10), 3);
        RetryPolicy once = new(1, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        IReadOnlyList<Lease> held = await ledger.LeaseAsync("run", Stage, 3, first);
        Text(reader).ShouldContain($"seacluster_samples_settled_total{{seacluster_stage=\"{Stage}\",seacluster_state=\"quarantined\"}} 0\n");
        await ledger.CompleteAsync("run", Stage, [new Completion("a", held[0].Token, "hash") { Artifact = new StoredFile("embeddings/a", "h", 100), Steps = 12, Loss = 0.02, Duration = TimeSpan.FromSeconds(4) }]);
        time.Advance(TimeSpan.FromSeconds(11));
        IReadOnlyList<Lease> taken = await ledger.LeaseAsync("run", Stage, 2, second);
        (await ledger.RenewAsync("run", Stage, [held[1].Key], TimeSpan.FromSeconds(10))).Count.ShouldBe(1);
        await ledger.CompleteAsync("run", Stage, [new Completion("b", held[1].Token, "hash")]);
        await ledger.FailAsync("run", Stage, [new Failure("b", taken[0].Token, "broken"), new Failure("c", held[2].Token, "late")], once);
        await ledger.ReleaseAsync("run", Stage, [taken[1].Key]);

        string text = Text(reader);
        foreach ((string family, string labels, int value) in new[]
        {
            ("seacluster_samples_leased_total", "", 5), ("seacluster_samples_retried_total", "", 2), ("seacluster_samples_failures_total", "", 1), ("seacluster_samples_released_total", "", 1),
            ("seacluster_samples_settled_total", ",seacluster_state=\"done\"", 1), ("seacluster_samples_settled_total", ",seacluster_state=\"quarantined\"", 1), ("seacluster_artifacts_written_bytes_total", "", 100),
            ("seacluster_sample_steps_count", "", 1), ("seacluster_sample_duration_seconds_sum", "", 4),
        })
        {
            text.ShouldContain($"{family}{{seacluster_stage=\"{Stage}\"{labels}}} {value}\n");
        }

        foreach (string operation in new[] { "renew", "complete", "fail" })
        {
            text.ShouldContain($"seacluster_leases_lost_total{{seacluster_operation=\"{operation}\",seacluster_stage=\"{Stage}\"}} 1\n");
        }

        text.ShouldNotContain("broken");
        health.Ready().Single(check => check.Name == "ledger").Reason.ShouldBe("answered 0.0 s ago");
    }

    [Fact]
    public async Task Only_a_ledger_that_cannot_be_reached_is_away()
    {
        ProcessHealth health = new(time);
        await using MeteredLedger refuses = new(SqliteLedger.Open(Path.Combine(folder, "ledger.db"), time, create: true), health);
        await refuses.CreateRunAsync(new NewRun("run", "run", "spec", "hash", "[]"));
        await refuses.EnqueueAsync("run", Stage, "hash", [new NewSample("a", "1")]);
        await Should.ThrowAsync<SeaException>(() => refuses.EnqueueAsync("run", Stage, "other", [new NewSample("a", "1")]));
        health.Ready().Single(check => check.Name == "ledger").Ok.ShouldBeTrue();
    }

    private static string Text(MetricReader reader) => PrometheusText.Write(reader.Read());
}
