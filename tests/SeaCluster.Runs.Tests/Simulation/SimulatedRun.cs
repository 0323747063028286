using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Audit;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Faults;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Ledgers.Sqlite;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Runs.Tests.Simulation;

/// <summary>What is simulated: a run of so many rows, by its own process and so many workers.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Workers">Worker processes.</param>
/// <param name="Local">Whether the run's own process works on samples too.</param>
/// <param name="Bad">Whether one row always fails.</param>
internal sealed record Shape(int Rows, int Workers, bool Local, bool Bad);

/// <summary>
/// One history: the real engine, coordinator, stages, workers, ledger and artifact folder, on a clock and a network of the world's. For some minutes everything goes wrong that can; then
/// the faults cease and the run has to come to its end.
/// </summary>
/// <param name="seed">Decides everything.</param>
/// <param name="shape">What runs.</param>
/// <param name="folder">The run folder, begun.</param>
/// <param name="over">What lies over the real ledger: a broken one, to see that it is found out.</param>
internal sealed class SimulatedRun(int seed, Shape shape, RunFolder folder, Func<ILedger, ILedger>? over = null)
{
    private static readonly TimeSpan s_troubled = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_limit = TimeSpan.FromHours(6);
    private static readonly FaultPoint[] s_points = [FaultPoint.Leased, FaultPoint.ArtifactWritten, FaultPoint.ArtifactSynced, FaultPoint.ArtifactPublished, FaultPoint.Renewing, FaultPoint.EventMirroring, FaultPoint.StageEnding];

    private readonly VirtualWorld _world = new(seed);
    private readonly List<Actor> _workers = [];
    private TimeSpan _jump;
    private bool _full;
    private Actor? _driver;
    private RunState? _end;
    private NetworkFaults _network = new();
    private LedgerWatch _watch = null!;
    private ILedger _ledger = null!;
    private string _run = "";

    public VirtualWorld World => _world;

    /// <summary>How the run ended.</summary>
    public RunState End => _end ?? RunState.Running;

    public int Kills { get; private set; }

    /// <summary>Whether every call of the ledger is told.</summary>
    public bool Verbose { get; init; }

    /// <exception cref="BrokenPromiseException">Something happened that never may.</exception>
    /// <exception cref="TimeoutException">The run did not come to its end.</exception>
    public void Play()
    {
        using SqliteHolder holder = new(SqliteLedger.Open(folder.Ledger, _world.TimeOffBy(() => _jump)));
        ILedger real = holder.Ledger;
        _ledger = over?.Invoke(real) ?? real;
        _run = real.RunsAsync().GetAwaiter().GetResult().Single().Id;
        _watch = new LedgerWatch(real, _run, StageName.Synthesize.Text(), _world.TimeOffBy(() => _jump));
        Random random = _world.Random;
        _network = new NetworkFaults { On = true, Lost = Rate(random), Unacknowledged = Rate(random), Twice = Rate(random), Late = Rate(random) };
        StartDriver();
        for (int i = 0; i < shape.Workers; i++)
        {
            StartWorker(i);
        }

        Trouble();
        _world.After(s_troubled, Calm);
        _world.Run(() => _end is not null, s_limit);
        foreach ((string sample, StoredFile? file) in _watch.Acknowledged)
        {
            SampleRow row = real.SampleAsync(_run, StageName.Synthesize.Text(), sample).GetAwaiter().GetResult()!;
            if (row.State != SampleState.Done || row.Artifact != file)
            {
                throw new BrokenPromiseException($"the acknowledged result {file} of {sample} is now {row}");
            }
        }
    }

    private static double Rate(Random random) => random.Next(3) switch { 0 => 0, 1 => 0.01, _ => 0.08 };

    private ILedger LedgerOf(Actor actor) => new PatientLedger(
        RemoteLedger.Over(_ledger, _world, _network, actor, (call, arguments, carryOut) => CarryOut(actor, call, arguments, carryOut)), _world.Time, (_, _) => { }, _ => { }, CancellationToken.None);

    private void CarryOut(Actor actor, string call, object?[] arguments, Func<object?> carryOut)
    {
        _watch.CarryOut(call, arguments, () =>
        {
            object? result = carryOut();
            if (Verbose)
            {
                _world.Say($"{actor.Name}: {call}({string.Join(", ", arguments[1..^1].Select(Shown))}): {Shown(result)}");
            }

            return result;
        });
    }

    private static string Shown(object? value) => value is System.Collections.IEnumerable and not string ? $"[{string.Join(", ", ((System.Collections.IEnumerable)value).Cast<object>().Take(5))}]" : $"{value}";

    private SimulatedDisk DiskOf() => new(new FolderArtifactStore(folder.Path), _world, () => _full);

    private FakeRun Work(Actor actor) => new(line => _world.Say($"{actor.Name}: {line}")) { BeforeTick = cancel => Task.Delay(_world.Between(0.05, 3), _world.Time, cancel) };

    // Where no process holds the lock, the next one that starts takes the run up.
    private void StartDriver() => _driver = _world.Start($"driver{Kills}", async me =>
    {
        using IDisposable faults = Fault.Arm(point => Reach(me, point));
        while (true)
        {
            CancellationTokenSource stop = new();
            if (_network.On && _world.Chance(0.2))
            {
                _world.After(_world.Between(1, 200), () => me.Post(_ => stop.Cancel(), null));
            }

            try
            {
                await using RunSession session = await RunSession.OverAsync(folder, LedgerOf(me), DiskOf(), _run, stop.Token);
                RunOutcome outcome = await Work(me).Engine(_world.Time).RunAsync(session, null, stop.Token);
                _world.Say($"{me.Name}: the run is {outcome.State} {outcome.Error?.Message}");
                if (outcome.State is RunState.Done or RunState.Partly)
                {
                    _end = outcome.State;
                    return;
                }
            }
            catch (Exception error) when (error is SeaException or OperationCanceledException)
            {
                _world.Say($"{me.Name}: {error.Message}");
            }

            await Task.Delay(_world.Between(1, 30), _world.Time, CancellationToken.None);
        }
    });

    private void StartWorker(int number)
    {
        while (_workers.Count <= number)
        {
            _workers.Add(null!);
        }

        _workers[number] = _world.Start($"worker{number}", async me =>
        {
            using IDisposable faults = Fault.Arm(point => Reach(me, point));
            ILedger ledger = LedgerOf(me);
            SampleStage stage = Work(me).Synthesize();
            RunRow row = (await ledger.RunAsync(_run))!;
            RunContext context = new()
            {
                Stage = stage.Name, Spec = SpecReader.Read(row.Spec, folder.Path).Spec!, SpecHash = row.SpecHash, Run = _run, Folder = folder, Ledger = ledger, Artifacts = DiskOf(), Time = _world.Time, Notices = new Notices(_ => { }),
            };
            while (true)
            {
                CancellationTokenSource drain = new();
                if (_network.On && _world.Chance(0.2))
                {
                    _world.After(_world.Between(1, 100), () => me.Post(_ => drain.Cancel(), null));
                }

                try
                {
                    bool running = (await ledger.StagesAsync(_run)).Any(each => each.Stage == stage.Name.Text() && each.State == StageState.Running);
                    if (running && await ledger.NextAvailableAsync(_run, stage.Name.Text()) is not null)
                    {
                        await stage.JoinAsync(context, CancellationToken.None, drain.Token);
                    }
                }
                catch (SeaException error)
                {
                    _world.Say($"{me.Name}: {error.Message}");
                }

                await Task.Delay(_world.Between(1, 10), _world.Time, CancellationToken.None);
            }
        });
    }

    // Everything that goes wrong is decided at the beginning.
    private void Trouble()
    {
        for (int i = _world.Random.Next(2, 14); i > 0; i--)
        {
            TimeSpan at = _world.Between(0, s_troubled.TotalSeconds * 0.6), lasts = _world.Between(1, 120);
            int number = _world.Random.Next(Math.Max(1, shape.Workers)), kind = _world.Random.Next(10);
            FaultPoint point = s_points[_world.Random.Next(s_points.Length)];
            bool driver = shape.Workers == 0 || _world.Chance(0.3);
            TimeSpan jump = _world.Between(-600, 3600);
            _world.After(at, () =>
            {
                Actor actor = driver ? _driver! : _workers[number];
                switch (kind)
                {
                    case < 2:
                        Kill(actor, number, lasts);
                        break;
                    case < 4:
                        _doomed[actor] = (point, number, lasts);
                        break;
                    case < 6:
                        _world.Say($"{actor.Name} freezes for {lasts}");
                        actor.Frozen = true;
                        _world.After(lasts, () => actor.Frozen = false);
                        break;
                    case 6:
                        _world.Say($"{actor.Name} is cut off for {lasts}");
                        actor.CutOffUntil = _world.Now + lasts;
                        break;
                    case 7:
                        _world.Say($"the ledger's clock jumps by {jump}");
                        _jump += jump;
                        break;
                    case 8:
                        _world.Say($"the disk is full for {lasts}");
                        _full = true;
                        _world.After(lasts, () => _full = false);
                        break;
                    default:
                        Tear();
                        Kill(_driver!, number, lasts);
                        break;
                }
            });
        }
    }

    private readonly Dictionary<Actor, (FaultPoint Point, int Number, TimeSpan Lasts)> _doomed = [];

    private void Reach(Actor actor, FaultPoint point)
    {
        if (_doomed.TryGetValue(actor, out (FaultPoint Point, int Number, TimeSpan Lasts) doom) && doom.Point == point)
        {
            _doomed.Remove(actor);
            _world.Say($"at {point}:");
            Kill(actor, doom.Number, doom.Lasts);
            throw new KilledException();
        }
    }

    private void Kill(Actor actor, int number, TimeSpan until)
    {
        if (actor.Dead)
        {
            return;
        }

        Kills++;
        actor.Kill();
        if (actor == _driver)
        {
            _world.After(until, StartDriver);
        }
        else
        {
            _world.After(until, () => StartWorker(number));
        }
    }

    // The machine went down, and its disk had not kept what it said it had.
    private void Tear()
    {
        string[] files = Directory.Exists(folder.Embeddings) ? [.. Directory.GetFiles(folder.Embeddings, "row-*").Order(StringComparer.Ordinal)] : [];
        if (files.Length > 0 && _end is null)
        {
            string torn = files[_world.Random.Next(files.Length)];
            _world.Say($"{Path.GetFileName(torn)} is torn");
            using FileStream file = File.OpenWrite(torn);
            file.SetLength(file.Length / 2);
        }
    }

    private void Calm()
    {
        _world.Say("the faults cease");
        _network.On = false;
        _doomed.Clear();
    }

    private sealed class SqliteHolder(SqliteLedger ledger) : IDisposable
    {
        public SqliteLedger Ledger => ledger;

        public void Dispose() => ledger.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
