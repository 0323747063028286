using System.Text.Json;

namespace SeaCluster.EndToEnd.Tests;

/// <summary><c>sea bench cluster</c>: what it tells is what it did. How fast it is, is not looked at here.</summary>
public sealed class ClusterBenchTests
{
    [Fact]
    public async Task A_measurement_works_every_sample_off_and_tells_what_it_took()
    {
        SeaResult result = await SeaProcess.Run("bench", "cluster", "--samples", "300", "--workers", "2", "--slots", "16", "--lane-ms", "5", "--artifact-bytes", "100", "--json");
        result.ExitCode.ShouldBe(0, result.All);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        json.RootElement.EnumerateArray().Select(each => each.GetProperty("workers").GetInt32()).ShouldBe([2]);
        foreach (JsonElement each in json.RootElement.EnumerateArray())
        {
            each.GetProperty("samples").GetInt32().ShouldBe(300);
            each.GetProperty("per_second").GetDouble().ShouldBe(300 / each.GetProperty("seconds").GetDouble(), 1e-6);
            // No lane is faster than itself.
            each.GetProperty("efficiency").GetDouble().ShouldBeInRange(0, 1);
            each.GetProperty("recovery_seconds").ValueKind.ShouldBe(JsonValueKind.Null);
            foreach (string bytes in new[] { "worker_peak_bytes", "driver_peak_bytes", "server_peak_bytes", "ledger_bytes" })
            {
                each.GetProperty(bytes).GetInt64().ShouldBeGreaterThan(50_000, bytes);
            }

            each.GetProperty("served").EnumerateArray().Select(page => page.GetProperty("path").GetString())
                .ShouldBe(["/", "/runs/*", "/api/v1/runs", "/api/v1/runs/*", "/api/v1/runs/*/samples?limit=100"]);
            each.GetProperty("served").EnumerateArray().ShouldAllBe(page => page.GetProperty("milliseconds").GetDouble() > 0);
        }
    }

    [Fact]
    public async Task A_killed_workers_samples_are_seen_to_be_taken_over()
    {
        SeaResult result = await SeaProcess.Run("bench", "cluster", "--samples", "400", "--workers", "2", "--slots", "16", "--lane-ms", "100", "--lease", "1", "--kill", "--json");
        result.ExitCode.ShouldBe(0, result.All);
        result.Error.ShouldContain("one worker killed");
        using JsonDocument json = JsonDocument.Parse(result.Output);
        json.RootElement[0].GetProperty("recovery_seconds").GetDouble().ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("0", "--workers 0: expected whole numbers from 1 to 64, such as 1,2,4.")]
    [InlineData("two", "--workers two: expected whole numbers from 1 to 64, such as 1,2,4.")]
    public async Task A_wrong_number_of_workers_is_named(string workers, string expected)
    {
        SeaResult result = await SeaProcess.Run("bench", "cluster", "--workers", workers);
        result.ExitCode.ShouldBe(2, result.All);
        result.Error.ShouldContain(expected);
    }
}
