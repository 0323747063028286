using System.Security.Cryptography;
using System.Text.Json;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Tests.Kill;

/// <summary>Processes that are killed and frozen at work, whatever their ledger is.</summary>
public abstract class KilledRuns : IDisposable
{
    private const int Rows = 90;
    private const int PartlyDone = 3;
    private readonly TemporaryFolder _folder = new();
    private readonly string _spec;
    private readonly string? _ledger;
    private readonly HashSet<string> _done = [];

    /// <param name="ledger">The database's address; null: a file in the run folder.</param>
    protected KilledRuns(string? ledger)
    {
        _ledger = ledger;
        _spec = FakeRun.Write(_folder.PathOf("in"), Rows, bad: "row-5", flaky: "row-7");
        if (ledger is not null)
        {
            File.AppendAllText(_spec, $"ledger: \"{ledger}\"\n");
        }
    }

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected async Task KilledAtRandomMomentsAsync(int kills)
    {
        const int Seed = 20261122;
        Random random = new(Seed);
        for (int kill = 0; kill < kills; kill++)
        {
            int lines = random.Next(1, 60);
            using Child child = new("run", _spec, _folder.PathOf("killed"), "lines", $"{lines}");
            (await child.SaysLinesAsync(lines)).ShouldBeTrue($"seed {Seed}: the run ended before kill {kill}");
            await child.KillAsync();
            Follow(child);
        }

        await EndsAsUndisturbedAsync();
    }

    protected async Task KilledAtEveryFaultPointAsync()
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

    protected async Task FrozenAndBackAsync()
    {
        await using ILedger ledger = await SharedStageAsync(40);
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

    protected async Task WorkersOfOneLedgerAsync()
    {
        await using ILedger ledger = await SharedStageAsync(80);
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

    protected async Task LockedAsync()
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
            .Where(file => !file.Name.StartsWith("ledger.", StringComparison.Ordinal) && file.Name != "events.jsonl" && file.Name[0] != '.')
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => $"{file.Name} {HashOf(file.Path)}")];

    private async Task<List<string>> SamplesAsync(string run)
    {
        await using RunLedger opened = await RunLedger.OpenAsync(new RunFolder(_folder.PathOf(run)), given: null, create: false, TimeProvider.System);
        string id = (await opened.FindRunAsync())!.Id;
        return [.. (await opened.Ledger.SamplesAsync(id, "synthesize", new SampleQuery()))
            .Select(row => $"{row.Ordinal} {row.Id} {row.State} {row.Artifact} {row.Loss} {row.Steps} {row.Error}")];
    }

    private async Task<ILedger> SharedStageAsync(int samples)
    {
        RunLedger opened = await RunLedger.OpenAsync(new RunFolder(_folder.Path), _ledger, create: true, TimeProvider.System);
        opened.Remember("run").ShouldBe("run");
        ILedger ledger = opened.Ledger;
        await ledger.CreateRunAsync(new NewRun("run", "name", "spec", "hash", "{}"));
        await ledger.EnqueueAsync("run", "synthesize", "hash", [.. Enumerable.Range(0, samples).Select(n => new NewSample($"row-{n}", $"good {n}"))]);
        return ledger;
    }

    private static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
