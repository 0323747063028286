using System.Security.Cryptography;
using System.Text.Json;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;

namespace SeaCluster.Runs.Tests.Kill;

public sealed class KilledRunTests : IDisposable
{
    private const int Rows = 90;
    private const int PartlyDone = 3;
    private readonly TemporaryFolder _folder = new();
    private readonly string _spec;
    private readonly HashSet<string> _done = [];

    public KilledRunTests() => _spec = FakeRun.Write(_folder.PathOf("in"), Rows, bad: "row-5", flaky: "row-7");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_at_twenty_five_random_moments_it_ends_as_if_undisturbed()
    {
        const int Seed = 20261122;
        Random random = new(Seed);
        for (int kill = 0; kill < 25; kill++)
        {
            int lines = random.Next(1, 60);
            using Child child = new("run", _spec, _folder.PathOf("killed"), "lines", $"{lines}");
            (await child.SaysLinesAsync(lines)).ShouldBeTrue($"seed {Seed}: the run ended before kill {kill}");
            await child.KillAsync();
            Follow(child);
        }

        await EndsAsUndisturbedAsync();
    }

    [Fact]
    public async Task Killed_at_every_fault_point_it_ends_as_if_undisturbed()
    {
        foreach (FaultPoint point in Enum.GetValues<FaultPoint>().Where(point => point != FaultPoint.Renewing))
        {
            foreach (int pass in point == FaultPoint.StageEnding ? (int[])[1] : [1, 2])
            {
                using Child child = new("run", _spec, _folder.PathOf("killed"), "die", $"{point}", $"{pass}");
                int exit = await child.EndAsync();
                exit.ShouldBe(128 + 9, $"{point}, pass {pass}: {child.Lines.LastOrDefault()} {await child.Errors}");
                child.Lines[^1].ShouldBe($"at {point}");
                Follow(child);
            }
        }

        await EndsAsUndisturbedAsync();
    }

    [Fact]
    public async Task A_frozen_worker_that_comes_back_changes_nothing()
    {
        await using SqliteLedger ledger = await SharedStageAsync(40);
        using Child frozen = new("work", _folder.Path, "run", "stepwise");
        (await frozen.SaysAsync("begin row-3")).ShouldBeTrue();
        frozen.Signal("STOP");

        using Child other = new("work", _folder.Path, "run");
        (await other.EndAsync()).ShouldBe(0, await other.Errors);
        other.Lines[^1].ShouldBe("outcome 40 0");
        IReadOnlyList<SampleRow> before = await ledger.SamplesAsync("run", "synthesize", new SampleQuery());

        frozen.Signal("CONT");
        for (int tick = 0; tick < 8; tick++)
        {
            await frozen.Input.WriteLineAsync();
        }

        frozen.Input.Close();
        (await frozen.EndAsync()).ShouldBe(0, await frozen.Errors);
        frozen.Lines[^1].ShouldBe("outcome 0 4");
        (await ledger.SamplesAsync("run", "synthesize", new SampleQuery())).ShouldBe(before);
    }

    [Fact]
    public async Task Workers_of_one_ledger_are_killed_and_the_last_one_finishes_everything()
    {
        await using SqliteLedger ledger = await SharedStageAsync(80);
        using Child first = new("work", _folder.Path, "run");
        using Child second = new("work", _folder.Path, "run");
        using Child third = new("work", _folder.Path, "run");
        await first.SaysLinesAsync(15);
        await first.KillAsync();
        await second.SaysLinesAsync(40);
        await second.KillAsync();
        (await third.EndAsync()).ShouldBe(0, await third.Errors);

        IReadOnlyList<SampleRow> rows = await ledger.SamplesAsync("run", "synthesize", new SampleQuery());
        rows.ShouldAllBe(row => row.State == SampleState.Done);
        rows.ShouldAllBe(row => HashOf(_folder.PathOf(row.Artifact!.Name)) == row.Artifact.Hash);
        rows.Select(row => row.Artifact!.Name).Distinct().Count().ShouldBe(80);
    }

    [Fact]
    public async Task The_run_folders_lock_names_its_holder_and_dies_with_it()
    {
        Directory.CreateDirectory(_folder.PathOf("held"));
        using Child holder = new("hold", _folder.PathOf("held"));
        (await holder.SaysAsync("held")).ShouldBeTrue();

        using Child second = new("run", _spec, _folder.PathOf("held"));
        (await second.EndAsync()).ShouldBe(1);
        second.Lines.ShouldHaveSingleItem().ShouldStartWith($"error {_folder.PathOf("held")}: process {holder.Id} on {Environment.MachineName} since 2");

        await holder.KillAsync();
        using Child third = new("run", _spec, _folder.PathOf("held"));
        (await third.EndAsync()).ShouldBe(PartlyDone, await third.Errors);
    }

    // What was acknowledged in an earlier life is never begun again, nor acknowledged twice.
    private void Follow(Child child)
    {
        foreach (string line in child.Lines)
        {
            if (line.StartsWith("begin ", StringComparison.Ordinal))
            {
                _done.ShouldNotContain(line[6..]);
            }
            else if (line.StartsWith("done ", StringComparison.Ordinal))
            {
                _done.Add(line[5..]).ShouldBeTrue($"{line} twice");
            }
        }
    }

    private async Task EndsAsUndisturbedAsync()
    {
        using Child last = new("run", _spec, _folder.PathOf("killed"));
        (await last.EndAsync()).ShouldBe(PartlyDone, await last.Errors);
        Follow(last);
        using Child undisturbed = new("run", _spec, _folder.PathOf("undisturbed"));
        (await undisturbed.EndAsync()).ShouldBe(PartlyDone, await undisturbed.Errors);

        Files("killed").ShouldBe(Files("undisturbed"));
        Files("killed").Count(file => file.StartsWith("embeddings/", StringComparison.Ordinal)).ShouldBe(Rows - 1);
        (await SamplesAsync("killed")).ShouldBe(await SamplesAsync("undisturbed"));
        File.ReadAllLines(_folder.PathOf("killed", "events.jsonl"))
            .Select((line, i) => JsonDocument.Parse(line).RootElement.GetProperty("sequence").GetInt64() - i).ShouldAllBe(difference => difference == 1);
    }

    private List<string> Files(string run) =>
        [.. Directory.GetFiles(_folder.PathOf(run), "*", SearchOption.AllDirectories)
            .Select(path => (Name: Path.GetRelativePath(_folder.PathOf(run), path), Path: path))
            .Where(file => !file.Name.StartsWith("ledger.db", StringComparison.Ordinal) && file.Name != "events.jsonl" && file.Name[0] != '.')
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => $"{file.Name} {HashOf(file.Path)}")];

    private async Task<List<string>> SamplesAsync(string run)
    {
        await using SqliteLedger ledger = SqliteLedger.Open(_folder.PathOf(run, "ledger.db"), TimeProvider.System);
        string id = (await ledger.RunsAsync()).Single().Id;
        return [.. (await ledger.SamplesAsync(id, "synthesize", new SampleQuery()))
            .Select(row => $"{row.Ordinal} {row.Id} {row.State} {row.Artifact} {row.Loss} {row.Steps} {row.Error}")];
    }

    private async Task<SqliteLedger> SharedStageAsync(int samples)
    {
        SqliteLedger ledger = SqliteLedger.Open(_folder.PathOf("ledger.db"), TimeProvider.System);
        await ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        await ledger.EnqueueAsync("run", "synthesize", "hash", [.. Enumerable.Range(0, samples).Select(n => new NewSample($"row-{n}", $"good {n}"))]);
        return ledger;
    }

    private static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
