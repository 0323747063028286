using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Telemetry;

/// <summary>Where runs stand, from what <see cref="RunWatch"/> read in ledgers and run folders: true after any restart, and the same whoever reports it.</summary>
internal static class RunInstruments
{
    private static readonly ConcurrentDictionary<RunWatch, byte> s_watches = new();

    static RunInstruments()
    {
        Meter meter = SeaInstrumentation.Meter;
        _ = meter.CreateObservableGauge("seacluster.runs", Runs, "{run}", "Runs below the watched folder, by state.");
        _ = meter.CreateObservableGauge("seacluster.runs.unreadable", () => s_watches.Keys.Take(1).Select(watch => new Measurement<long>(watch.Unreadable)), "{run}", "Run folders below the watched folder whose ledger cannot be read.");
        _ = meter.CreateObservableGauge("seacluster.run.samples", () => Each(Samples), "{sample}", "Samples of a stage of a run, by state.");
        _ = meter.CreateObservableGauge("seacluster.queue.depth", Queue, "{sample}", "Samples of running stages that wait for a worker: not taken, not settled.");
        _ = meter.CreateObservableGauge("seacluster.run.stage.running", () => Each(run => Stages(run, stage => stage.State == StageState.Running ? 1L : 0)), "1", "1 while a stage of a run is at work, else 0.");
        _ = meter.CreateObservableGauge("seacluster.run.stage.duration", () => Each(run => Stages(run, stage => stage.Worked.TotalSeconds)), "s", "Wall time of a stage of a run, over all its starts.");
        _ = meter.CreateObservableGauge("seacluster.run.stage.planned", () => Each(run => Planned(run)), "s", "Wall time that was planned for it before the run started; absent without a plan.");
        _ = meter.CreateObservableGauge("seacluster.run.training.step", () => Each(run => Of(run, run.Training?.Step)), "{step}", "Steps that a run's alignment has taken.");
        _ = meter.CreateObservableGauge("seacluster.run.training.loss", () => Each(run => Of(run, run.Training?.Loss)), "{nat}", "Loss of the alignment's last step.");
        _ = meter.CreateObservableGauge("seacluster.run.attack_success", () => Each(run => ByModel(run, "asr", "base_asr")), "1", "Attack success rate that a run's evaluation found, of the aligned model and of the base.");
        _ = meter.CreateObservableGauge("seacluster.run.benign_compliance", () => Each(run => ByModel(run, "benign_compliance", "base_benign_compliance")), "1", "Share of benign prompts answered, of the aligned model and of the base.");
        _ = meter.CreateObservableGauge("seacluster.run.judge.failures", () => Each(run => Of(run, Figure(run, "judge_failures") is { } failures ? (long)failures : (long?)null)), "{answer}", "Answers that a run's judge gave no verdict on.");
        _ = meter.CreateObservableGauge("seacluster.run.llm.cost", () => Each(run => Of(run, Cost(run))), "{currency}", "What a run's finished stages paid for language models, in the currency of the spec's prices; absent without prices.");
        _ = meter.CreateObservableGauge("seacluster.storage.free", () => Storage(drive => drive.AvailableFreeSpace), "By", "Free bytes of the file system that holds the runs.");
        _ = meter.CreateObservableGauge("seacluster.storage.size", () => Storage(drive => drive.TotalSize), "By", "Bytes of the file system that holds the runs.");
        _ = meter.CreateObservableGauge("seacluster.watch.age", () => s_watches.Keys.Select(watch => new Measurement<double>(watch.Age.TotalSeconds)).Take(1), "s", "Time since runs were last looked at with success; what is told of runs is that old.");
    }

    public static void Add(RunWatch watch) => s_watches[watch] = 0;

    public static void Remove(RunWatch watch) => s_watches.TryRemove(watch, out _);

    // Two watches of one process over the same run tell of it once.
    private static IEnumerable<RunSnapshot> All() => s_watches.Keys.SelectMany(watch => watch.Runs).DistinctBy(run => run.Run, StringComparer.Ordinal);

    private static IEnumerable<Measurement<T>> Each<T>(Func<RunSnapshot, IEnumerable<Measurement<T>>> tell)
        where T : struct => All().SelectMany(tell);

    private static KeyValuePair<string, object?> Tag(RunSnapshot run) => new(SeaTags.Run, run.Run);

    private static KeyValuePair<string, object?> Tag(StageSnapshot stage) => new(SeaTags.Stage, stage.Stage);

    // Every state is told, so that a state that nobody is in any more falls to zero.
    private static IEnumerable<Measurement<long>> Runs() => s_watches.IsEmpty ? [] : Enum.GetValues<RunState>().Select(state => new Measurement<long>(
        All().Count(run => run.State == state), new KeyValuePair<string, object?>(SeaTags.State, state.ToString().ToLowerInvariant())));

    private static IEnumerable<Measurement<long>> Samples(RunSnapshot run) => run.Stages.Where(stage => stage.Samples is not null).SelectMany(stage => new (string State, long Count)[]
    {
        ("pending", stage.Samples!.Pending), ("leased", stage.Samples.Leased), ("failed", stage.Samples.Failed), ("done", stage.Samples.Done), ("quarantined", stage.Samples.Quarantined),
    }.Select(each => new Measurement<long>(each.Count, Tag(run), Tag(stage), new KeyValuePair<string, object?>(SeaTags.State, each.State))));

    private static IEnumerable<Measurement<long>> Queue() => s_watches.IsEmpty ? [] :
    [
        new Measurement<long>(All().Where(run => run.State == RunState.Running).SelectMany(run => run.Stages).Where(stage => stage.State == StageState.Running)
            .Sum(stage => stage.Samples is { } samples ? samples.Pending + samples.Failed : 0)),
    ];

    private static IEnumerable<Measurement<T>> Stages<T>(RunSnapshot run, Func<StageSnapshot, T> value)
        where T : struct => run.Stages.Select(stage => new Measurement<T>(value(stage), Tag(run), Tag(stage)));

    private static IEnumerable<Measurement<double>> Planned(RunSnapshot run) =>
        run.Stages.Where(stage => stage.PlannedSeconds is not null).Select(stage => new Measurement<double>(stage.PlannedSeconds!.Value, Tag(run), Tag(stage)));

    private static IEnumerable<Measurement<T>> Of<T>(RunSnapshot run, T? value)
        where T : struct => value is { } known ? [new Measurement<T>(known, Tag(run))] : [];

    private static double? Figure(RunSnapshot run, string name) => run.Figures.TryGetValue(name, out double value) ? value : null;

    private static double? Cost(RunSnapshot run)
    {
        double[] costs = [.. run.Figures.Where(figure => figure.Key.EndsWith("cost", StringComparison.Ordinal)).Select(figure => figure.Value)];
        return costs.Length == 0 ? null : costs.Sum();
    }

    private static IEnumerable<Measurement<double>> ByModel(RunSnapshot run, string aligned, string before) =>
        new[] { ("aligned", aligned), ("base", before) }.Where(each => run.Figures.ContainsKey(each.Item2))
            .Select(each => new Measurement<double>(run.Figures[each.Item2], Tag(run), new KeyValuePair<string, object?>(SeaTags.Model, each.Item1)));

    private static IEnumerable<Measurement<long>> Storage(Func<DriveInfo, long> part) =>
        s_watches.Keys.Take(1).Select(watch => watch.Root).Where(Directory.Exists).Select(root => new Measurement<long>(part(new DriveInfo(root))));
}
