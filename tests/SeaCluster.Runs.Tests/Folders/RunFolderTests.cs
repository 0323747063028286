using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SeaCluster.Models;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Tests.Folders;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_command_line_then_the_spec_then_the_name_decide_the_folder()
    {
        RunSpec spec = new() { Name = "night run", Out = "/from/spec" };
        RunFolder.For(spec, "/given").Path.ShouldBe("/given");
        RunFolder.For(spec, null).Path.ShouldBe("/from/spec");
        Path.GetRelativePath(Directory.GetCurrentDirectory(), RunFolder.For(spec with { Out = null }, null).Path).ShouldStartWith(Path.Combine("runs", "night_run-"));
    }

    [Fact]
    public void A_folder_of_other_things_is_refused()
    {
        _folder.Write("thesis.tex", "");
        Should.Throw<SeaException>(() => new RunFolder(_folder.Path).Create()).Message.ShouldBe($"{_folder.Path}: the folder is not empty and holds no run");
        Should.Throw<SeaException>(() => new RunFolder(_folder.PathOf("thesis.tex")).Create()).Message.ShouldBe($"{_folder.PathOf("thesis.tex")}: expected a folder for the run, found a file");
        Should.Throw<SeaException>(() => new RunFolder(_folder.PathOf("thesis.tex", "below")).Create()).Message.ShouldContain("cannot make the run folder");
        new RunFolder(_folder.PathOf("new", "run")).Create();
        Directory.Exists(_folder.PathOf("new", "run")).ShouldBeTrue();
    }

    [Fact]
    public void Names_below_the_folder_are_relative_and_others_refused()
    {
        RunFolder folder = new(_folder.Path);
        folder.NameOf(folder.At("adapter", "adapter_config.json")).ShouldBe("adapter/adapter_config.json");
        Should.Throw<SeaException>(() => folder.NameOf("/elsewhere/x")).Message.ShouldBe($"/elsewhere/x is not below the run folder {_folder.Path}");
    }

    [Fact]
    public void The_lock_is_one_process_at_a_time_and_says_whose()
    {
        RunFolder folder = new(_folder.Path);
        RunLock.HolderOf(folder).ShouldBeNull();
        using (RunLock.Acquire(folder, _time))
        {
            RunLockHolder holder = RunLock.HolderOf(folder)!;
            holder.ShouldBe(new RunLockHolder(Environment.ProcessId, Environment.MachineName, _time.GetUtcNow()));
            Should.Throw<SeaException>(() => RunLock.Acquire(folder, _time)).Message
                .ShouldBe($"{_folder.Path}: process {Environment.ProcessId} on {Environment.MachineName} since 2026-11-22 12:00:00Z works on this run");
        }

        RunLock.HolderOf(folder).ShouldBeNull();
        RunLock.Acquire(folder, _time).Dispose();
    }

    [Fact]
    public async Task Events_are_mirrored_once_each_and_a_half_line_is_repaired()
    {
        await using ILedger ledger = await LedgerAsync();
        string path = _folder.PathOf("events.jsonl");
        await ledger.AppendEventAsync("run", new NewEvent("one", "align", null, """{"steps":3}"""));
        await MirrorAsync(ledger, path);
        string whole = File.ReadAllText(path);
        whole.ShouldBe("""
            {"sequence":1,"at":"2026-11-22T12:00:00.000Z","kind":"run_created"}
            {"sequence":2,"at":"2026-11-22T12:00:00.000Z","kind":"one","stage":"align","detail":{"steps":3}}

            """);

        await MirrorAsync(ledger, path);
        File.ReadAllText(path).ShouldBe(whole);

        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllText(path, whole[..length]);
            await MirrorAsync(ledger, path);
            File.ReadAllText(path).ShouldBe(whole, $"cut after {length} bytes");
        }

        File.WriteAllText(path, "not ours\n");
        await MirrorAsync(ledger, path);
        File.ReadAllText(path).ShouldBe(whole);
    }

    [Fact]
    public async Task Thousands_of_events_are_lines_of_json_in_order()
    {
        await using ILedger ledger = await LedgerAsync();
        string path = _folder.PathOf("events.jsonl");
        await ledger.EnqueueAsync("run", "synthesize", "hash", [.. Enumerable.Range(0, 1100).Select(n => new NewSample($"s{n}", "{}"))]);
        IReadOnlyList<Lease> leases = await ledger.LeaseAsync("run", "synthesize", 1100, new LeaseTerms("w", TimeSpan.FromSeconds(30)));
        await ledger.FailAsync("run", "synthesize", [.. leases.Select(lease => new Failure(lease.Sample, lease.Token, "NaN\n\"\u0001"))], new RetryPolicy(1, TimeSpan.Zero, TimeSpan.Zero));
        using (Fault.Throw(FaultPoint.EventMirroring, () => new InvalidOperationException("killed"), time: 2))
        {
            await Should.ThrowAsync<InvalidOperationException>(() => MirrorAsync(ledger, path));
        }

        await MirrorAsync(ledger, path);
        File.ReadAllLines(path).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("sequence").GetInt64()).ShouldBe(Enumerable.Range(1, 1101).Select(n => (long)n));
    }

    private static async Task MirrorAsync(ILedger ledger, string path)
    {
        using EventMirror mirror = new(ledger, "run", path);
        await mirror.CatchUpAsync();
    }

    private async Task<ILedger> LedgerAsync()
    {
        SqliteLedger ledger = SqliteLedger.Open(_folder.PathOf("ledger.db"), _time);
        await ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        return ledger;
    }
}
