using System.Globalization;
using System.Security.Cryptography;
using SeaCluster.Runs.Audit;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using Xunit.Abstractions;

namespace SeaCluster.Runs.Tests.Simulation;

/// <summary>
/// Histories of whole runs on a virtual clock, each from its seed. SEA_SIMULATIONS=N plays so many; SEA_SIMULATION_SEED=N plays one and shows it step by step: the seed that a failure names.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output) : IDisposable
{
    private const int Standard = 2000;

    // An audit takes as long as a third of a history.
    private const int AuditEvery = 4;

    // In memory where there is such a place: a history flushes files a hundred times.
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"sea-simulation-{Guid.NewGuid():N}")).FullName;
    private readonly Dictionary<Shape, (string Begun, SortedDictionary<string, string> Undisturbed)> _shapes = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Whatever_goes_wrong_nothing_is_lost_nothing_is_counted_twice_and_the_run_comes_to_its_end()
    {
        int? only = Number("SEA_SIMULATION_SEED");
        int histories = Number("SEA_SIMULATIONS") ?? Standard, kills = 0;
        TimeSpan longest = TimeSpan.Zero;
        foreach (int seed in only is { } one ? [one] : Enumerable.Range(1, histories))
        {
            SimulatedRun run = Play(seed, null);
            kills += run.Kills;
            longest = run.World.Now > longest ? run.World.Now : longest;
            if (only is not null)
            {
                output.WriteLine(string.Join('\n', run.World.Said));
            }
        }

        output.WriteLine($"{histories} histories, {kills} kills, the longest {longest}");
        kills.ShouldBeGreaterThan(only is null ? histories : -1);
    }

    [Fact]
    public void The_same_seed_is_the_same_history()
    {
        IReadOnlyList<string> first = Play(11, null).World.Said;
        first.Count.ShouldBeGreaterThan(50);
        Play(11, null).World.Said.ShouldBe(first);
    }

    [Theory]
    [InlineData(BrokenLedger.Fault.TokensIgnored)]
    [InlineData(BrokenLedger.Fault.LeasesHandedOutTwice)]
    [InlineData(BrokenLedger.Fault.CompletionsForgotten)]
    public void A_ledger_that_breaks_a_promise_is_found_out(BrokenLedger.Fault fault)
    {
        Exception? found = null;
        for (int seed = 1; seed <= 400 && found is null; seed++)
        {
            found = Record.Exception(() => Play(seed, ledger => BrokenLedger.Over(ledger, fault)));
        }

        found.ShouldNotBeNull();
        output.WriteLine(found.Message.Split('\n')[0]);
    }

    private SimulatedRun Play(int seed, Func<ILedger, ILedger>? over)
    {
        Random random = new(seed);
        Shape shape = new(random.Next(1, 9), random.Next(0, 4), random.Next(2) == 0, random.Next(4) == 0);
        shape = shape with { Local = shape.Local || shape.Workers == 0, Bad = shape.Bad && shape.Rows > 1 };
        (string begun, SortedDictionary<string, string> undisturbed) = OfShape(shape);
        // Always the same place: Dapper keeps what it learns of a query by the connection's text, and would learn it anew for every history.
        RunFolder folder = new(Path.Combine(_folder, "run"));
        Copy(begun, folder.Path);
        SimulatedRun run = new(seed, shape, folder, over) { Verbose = Number("SEA_SIMULATION_SEED") is not null };
        try
        {
            run.Play();
            run.End.ShouldBe(shape.Bad ? RunState.Partly : RunState.Done);
            FilesOf(folder.Path).ShouldBe(undisturbed);
            if (seed % AuditEvery == 0)
            {
                AuditReport audit = new RunAudit([new FakeRun().Synthesize()], TimeProvider.System).RunAsync(folder).GetAwaiter().GetResult();
                audit.Checks.SelectMany(check => check.Problems).ShouldBeEmpty();
            }
        }
        catch (Exception error)
        {
            throw new InvalidOperationException(
                $"history {seed} ({shape}): {error.Message}\nSEA_SIMULATION_SEED={seed} plays it again. Its end:\n  {string.Join("\n  ", run.World.Said.TakeLast(60))}", error);
        }
        finally
        {
            Directory.Delete(folder.Path, recursive: true);
        }

        return run;
    }

    private (string Begun, SortedDictionary<string, string> Undisturbed) OfShape(Shape shape)
    {
        if (!_shapes.TryGetValue(shape, out (string Begun, SortedDictionary<string, string> Undisturbed) made))
        {
            string place = Path.Combine(_folder, $"shape{_shapes.Count}"), spec = FakeRun.Write(Path.Combine(place, "in"), shape.Rows, shape.Bad ? "row-1" : null);
            RunSpec read = SpecReader.Load(spec, [new("work.local", shape.Local ? "true" : "false"), new("work.lease", "30s"), new("work.backoff", "1s")]);
            RunFolder begun = new(Path.Combine(place, "begun")), undisturbed = new(Path.Combine(place, "undisturbed"));
            RunSession.OpenAsync(begun, read, TimeProvider.System).GetAwaiter().GetResult().DisposeAsync().AsTask().GetAwaiter().GetResult();
            File.Delete(begun.Lock);
            new FakeRun().Engine(TimeProvider.System).RunAsync(undisturbed, read with { Work = read.Work with { Local = true, Backoff = TimeSpan.FromMilliseconds(1) } }, null, CancellationToken.None).GetAwaiter().GetResult();
            made = _shapes[shape] = (begun.Path, FilesOf(undisturbed.Path));
        }

        return made;
    }

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private static SortedDictionary<string, string> FilesOf(string folder) => new(
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file))
            .Where(name => !name.StartsWith("ledger", StringComparison.Ordinal) && name[0] != '.' && name is not ("events.jsonl" or "spec.yaml"))
            .ToDictionary(name => name, name => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, name))))),
        StringComparer.Ordinal);
}
