using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using Orleans.TestingHost;
using SeaCluster.Models;
using SeaCluster.Orleans.Contracts;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Orleans.Lanes;
using SeaCluster.Runs;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Tests;

namespace SeaCluster.Orleans.Tests.InProcess;

/// <summary>Silos in this process, each with a lane that takes a given time instead of a model, over runs of hashes instead of training.</summary>
internal sealed class SiloCluster : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<SiloRole> _roles;
    private readonly ConcurrentDictionary<string, SiloRole> _roleOf = new(StringComparer.Ordinal);
    private readonly InProcessTestCluster _cluster;
    private int _gpus;

    private SiloCluster(Settings settings)
    {
        _roles = new ConcurrentQueue<SiloRole>([.. Enumerable.Repeat(SiloRole.Trainer, settings.Trainers), .. Enumerable.Repeat(SiloRole.Gpu, settings.Gpus)]);
        InProcessTestClusterBuilder builder = new((short)(settings.Gpus + settings.Trainers));
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) =>
        {
            SiloRole role = _roleOf.GetOrAdd(options.SiloName, _ => _roles.TryDequeue(out SiloRole next) ? next : SiloRole.Gpu);
            string name = options.SiloName;
            FakeRun fake = new(line => Lines.Enqueue((name, line, Stopwatch.GetTimestamp())))
            {
                BeforeTick = cancel => settings.Tick(name, cancel),
                DuringAlign = settings.DuringAlign,
            };
            silo.AddSea(role, settings.Window, _ => new SiloRuns(Root, [], elsewhere => fake.Stages(elsewhere), TimeProvider.System));
            if (role == SiloRole.Gpu && settings.Broken(Interlocked.Increment(ref _gpus)))
            {
                silo.Services.AddSingleton<ILaneSource, BrokenSource>();
            }

            silo.Services.AddKeyedSingleton<IGrainStorage>(ProviderNames.Storage, (services, _) => new SharedStorage(services.GetRequiredService<Serializer>(), Storage));
            silo.Services.AddSingleton<IReminderTable>(new SharedReminders(Reminders));
            silo.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Error));
        });
        builder.ConfigureClient(client => client.AddSea());
        _cluster = builder.Build();
    }

    /// <summary>How a test's silos are.</summary>
    internal sealed record Settings
    {
        public int Trainers { get; init; } = 1;

        public int Gpus { get; init; } = 2;

        public int Window { get; init; } = 8;

        /// <summary>What the lane of a silo waits for before every step.</summary>
        public Func<string, CancellationToken, Task> Tick { get; init; } = (_, cancel) => Task.Delay(10, cancel);

        public Func<RunContext, CancellationToken, Task>? DuringAlign { get; init; }

        /// <summary>Whether the n-th GPU silo, from 1, has no device.</summary>
        public Func<int, bool> Broken { get; init; } = _ => false;
    }

    /// <summary>What the silos' lanes and stages did, with the silo's name.</summary>
    public ConcurrentQueue<(string Silo, string Line, long At)> Lines { get; } = [];

    public SharedStorage.Data Storage { get; } = new();

    public SharedReminders.Data Reminders { get; } = new();

    public IGrainFactory Grains => _cluster.Client;

    public string Root => _folder.PathOf("runs");

    public static async Task<SiloCluster> StartAsync(Settings settings)
    {
        SiloCluster cluster = new(settings);
        Directory.CreateDirectory(cluster.Root);
        await cluster._cluster.DeployAsync();
        return cluster;
    }

    public IEnumerable<string> Begun => Lines.Where(each => each.Line.StartsWith("begin ", StringComparison.Ordinal)).Select(each => each.Line[6..]);

    public IEnumerable<string> SilosOf(SiloRole role) => _cluster.Silos.Where(silo => silo.IsActive && _roleOf[silo.Name] == role).Select(silo => silo.Name);

    public Task KillAsync(string name) => _cluster.KillSiloAsync(_cluster.Silos.Single(silo => silo.Name == name));

    public async Task<string> AddAsync(SiloRole role)
    {
        _roles.Enqueue(role);
        return (await _cluster.StartAdditionalSiloAsync()).Name;
    }

    /// <summary>Begins a run of so many samples; nothing is done for it yet.</summary>
    public async Task<(RunFolder Folder, string Run)> BeginAsync(string name, int rows, string? bad = null, string? flaky = null)
    {
        RunSpec spec = SpecReader.Load(FakeRun.Write(_folder.PathOf("input", name), rows, bad, flaky), []);
        RunFolder folder = new(Path.Combine(Root, name));
        return (folder, await ClusterRun.BeginAsync(folder, spec, CancellationToken.None));
    }

    /// <summary>Follows a run in the cluster to its end.</summary>
    public Task<RunOutcome> FollowAsync((RunFolder Folder, string Run) run, Action<RunNotice>? on = null, CancellationToken stop = default) =>
        ClusterRun.FollowAsync(Grains, run.Folder, run.Run, new Notices(on ?? (_ => { })), stop);

    /// <summary>The same run without a cluster, in another folder.</summary>
    public async Task<RunFolder> UndisturbedAsync(string name)
    {
        RunFolder folder = new(_folder.PathOf("undisturbed", name));
        (await new FakeRun().Engine(TimeProvider.System).RunAsync(folder, SpecReader.Load(_folder.PathOf("input", name, "run.yaml"), []), null, CancellationToken.None)).State.ShouldBe(RunState.Done);
        return folder;
    }

    /// <summary>Starts a run and goes away, without stopping it, at a moment.</summary>
    public async Task LeaveAsync((RunFolder Folder, string Run) run, Moment moment)
    {
        ITrainerGrain trainer = Grains.GetGrain<ITrainerGrain>(run.Run);
        await trainer.StartAsync(new RunReference { Folder = Path.GetFileName(run.Folder.Path), Run = run.Run }, CancellationToken.None);
        await foreach (TrainerProgress progress in trainer.WatchAsync(CancellationToken.None))
        {
            moment.On(new RunNotice.StageAdvanced(StageNames.Parse(progress.Stage ?? "prepare")!.Value, progress.Done, progress.Total, progress.Detail));
            if (moment.Task.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Waits until a run's ledger says that it is done.</summary>
    public static async Task SettledAsync(RunFolder folder)
    {
        using CancellationTokenSource enough = new(TimeSpan.FromMinutes(1));
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(100));
        await using RunLedger ledger = await RunLedger.OpenAsync(folder, null, create: false, TimeProvider.System);
        while ((await ledger.FindRunAsync(enough.Token))!.State != RunState.Done)
        {
            await look.WaitForNextTickAsync(enough.Token);
        }
    }

    /// <summary>The trainer silo that drives the runs.</summary>
    public string Driver() => SilosOf(SiloRole.Trainer).Single(name =>
    {
        InProcessSiloHandle silo = _cluster.Silos.Single(each => each.Name == name);
        return Grains.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics(hostsIds: [silo.SiloAddress]).GetAwaiter().GetResult().Any(grain => grain.GrainId.Type.ToString() == "sea-trainer");
    });

    /// <summary>The longest time in which no lane began or stepped, from the first sample's begin to the last step.</summary>
    public TimeSpan LongestPause()
    {
        long[] at = [.. Lines.Where(each => each.Line.StartsWith("begin ", StringComparison.Ordinal) || each.Line.StartsWith("step ", StringComparison.Ordinal)).Select(each => each.At).Order()];
        return Stopwatch.GetElapsedTime(0, at.Zip(at.Skip(1), (one, next) => next - one).Max());
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    private sealed class BrokenSource : ILaneSource
    {
        public Task<OpenedLane> OpenAsync(RunReference run, string stage, CancellationToken stop) => throw new SeaException("no device here");
    }
}
