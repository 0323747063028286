using Microsoft.Data.Sqlite;
using SeaCluster.Models;
using SeaCluster.Runs.Audit;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Tests.Audit;

/// <summary>A finished run, and what an audit says once something of it was lost, doubled or altered.</summary>
public sealed class RunAuditTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SignallingTime _time = new();

    public void Dispose() => _folder.Dispose();

    private RunFolder Out => new(_folder.PathOf("out"));

    [Fact]
    public async Task An_untouched_run_is_sound_and_every_part_of_it_was_looked_at()
    {
        AuditReport report = await AuditedAsync(bad: "row-2");
        Problems(report).ShouldBeEmpty();
        report.Sound.ShouldBeTrue();
        report.State.ShouldBe(RunState.Partly);
        report.Checks.Select(check => (check.Name, check.Looked)).ShouldBe([
            ("spec", 2), ("inputs", 3), ("rows", 6), ("results", 6), ("leavings", 5), ("files", 9), ("chain", 5), ("verdicts", 0), ("events", report.Checks[^1].Looked)]);
        report.Checks[^1].Looked.ShouldBe(File.ReadLines(Out.Events).Count());
        report.Checks.Single(check => check.Name == "results").Remarks.ShouldBe(["1 in quarantine: 'sea retry' puts them back"]);
    }

    [Theory]
    [InlineData("UPDATE samples SET input = replace(input, 'good', 'bad') WHERE id = 'row-1'", "rows: 'row-1' is in the ledger with another row than the prepared one")]
    [InlineData("DELETE FROM samples WHERE id = 'row-5'", "rows: 'row-5' is not in the ledger", "results: 1 artifacts belong to samples that the ledger does not have")]
    [InlineData("UPDATE samples SET spec_hash = 'ffffffffffffffff' WHERE id = 'row-0'", "rows: 'row-0' was enqueued by another spec (ffffffffffff)")]
    [InlineData("UPDATE samples SET state = 'pending', available_at = 0 WHERE id = 'row-3'", "results: 'row-3' is pending, and its stage has ended")]
    [InlineData("UPDATE samples SET attempts = 0 WHERE id = 'row-4'", "results: 'row-4' is done, and nobody ever took it")]
    [InlineData("UPDATE stages SET summary = json_set(summary, '$.built_on', 'ffffffffffffffff') WHERE stage = 'align'", "chain: align was built on other artifacts than those before it now (sha256 ffffffffffff -> *)")]
    [InlineData("DELETE FROM events WHERE kind = 'stage_done' AND stage = 'align'", "events: *events.jsonl: line 8 is not the ledger's event", "events: *", "events: *", "events: *", "events: *", "events: *events.jsonl: line 13: more events than the ledger has")]
    [InlineData("UPDATE runs SET spec_hash = 'ffffffffffffffff'", "spec: the ledger's spec has the hash *, its run says ffffffffffffffff", "rows: *", "rows: *", "rows: *", "rows: *", "rows: *", "rows: *")]
    public async Task What_the_ledger_lost_or_changed_is_named(string change, params string[] problems)
    {
        await RunAsync();
        Execute(change);
        Matches(Problems(await AuditAsync()), problems);
    }

    [Fact]
    public async Task Files_that_are_gone_altered_or_swapped_are_named()
    {
        await RunAsync();
        string[] files = [.. Directory.GetFiles(Out.Embeddings).Order(StringComparer.Ordinal)];
        byte[] bytes = File.ReadAllBytes(files[0]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(files[0], bytes);
        File.Delete(files[1]);
        File.WriteAllText(Path.Combine(Out.Embeddings, "row-9-0123456789abcdef.safetensors"), "late");
        File.AppendAllText(Out.Report, "<p>better</p>");
        File.AppendAllText(_folder.PathOf("in", "rows.jsonl"), "\n");
        AuditReport report = await AuditAsync();
        report.Sound.ShouldBeFalse();
        Matches(Problems(report), [
            "inputs: data.path: *rows.jsonl is not what it was (sha256 * -> *)",
            $"files: embeddings/{Path.GetFileName(files[0])} is not what was written (expected 3200 bytes, sha256 *)",
            $"files: embeddings/{Path.GetFileName(files[1])} is missing",
            "files: report.html is not what was written (expected * bytes, sha256 *)"]);
        report.Checks.Single(check => check.Name == "leavings").Remarks.ShouldBe(["1 that nothing reads, left by a killed or late worker: row-9-0123456789abcdef.safetensors"]);
    }

    [Fact]
    public async Task An_artifact_replaced_with_its_row_breaks_the_chain()
    {
        await RunAsync();
        File.WriteAllText(Path.Combine(Out.Adapter, "adapter_model.safetensors"), "another");
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("another"u8));
        Execute($"UPDATE artifacts SET hash = '{hash}', bytes = 7 WHERE name = 'adapter/adapter_model.safetensors'");
        Matches(Problems(await AuditAsync()), ["chain: evaluate was built on other artifacts *", "chain: report was built on other artifacts *"]);
    }

    [Fact]
    public async Task A_run_that_was_stopped_half_way_is_sound_and_says_what_is_to_come()
    {
        string spec = FakeRun.Write(_folder.PathOf("in"), 6);
        using CancellationTokenSource stop = new();
        await new FakeRun(line =>
        {
            if (line == "step row-3")
            {
                stop.Cancel();
            }
        }).Engine(_time).RunAsync(Out, SpecReader.Load(spec), null, stop.Token);
        AuditReport report = await AuditAsync();
        Problems(report).ShouldBeEmpty();
        report.State.ShouldBe(RunState.Interrupted);
        report.Checks.Single(check => check.Name == "results").Remarks.Single().ShouldEndWith(" not settled yet");
    }

    [Fact]
    public async Task A_folder_without_a_run_has_nothing_to_audit()
    {
        SeaException error = await Should.ThrowAsync<SeaException>(AuditAsync);
        error.Message.ShouldBe($"{Out.Ledger}: there is no ledger");
    }

    private async Task<AuditReport> AuditedAsync(string? bad = null)
    {
        await RunAsync(bad);
        return await AuditAsync();
    }

    private Task<RunOutcome> RunAsync(string? bad = null) => _time.Drive(
        new FakeRun().Engine(_time).RunAsync(Out, SpecReader.Load(FakeRun.Write(_folder.PathOf("in"), 6, bad)), null, CancellationToken.None), TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(10));

    private Task<AuditReport> AuditAsync() => new RunAudit([new FakeRun().Synthesize()], _time).RunAsync(Out);

    private void Execute(string command)
    {
        using SqliteConnection connection = new($"Data Source={Out.Ledger};Pooling=false");
        connection.Open();
        using SqliteCommand run = new(command, connection);
        run.ExecuteNonQuery().ShouldBeGreaterThan(0);
    }

    private static string[] Problems(AuditReport report) => [.. report.Checks.SelectMany(check => check.Problems.Select(problem => $"{check.Name}: {problem}"))];

    // '*' stands for paths and hashes.
    private static void Matches(string[] found, string[] expected)
    {
        found.Length.ShouldBe(expected.Length, string.Join('\n', found));
        for (int i = 0; i < found.Length; i++)
        {
            string pattern = $@"\A{System.Text.RegularExpressions.Regex.Escape(expected[i]).Replace(@"\*", ".*", StringComparison.Ordinal)}\z";
            System.Text.RegularExpressions.Regex.IsMatch(found[i], pattern, System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)).ShouldBeTrue($"{found[i]} is not {expected[i]}");
        }
    }
}
