using System.Globalization;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Reporting;
using SeaCluster.Runs;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Status;
using SeaCluster.Runs.Studies;

namespace SeaCluster.Cli.Frame;

/// <summary>Several runs in one table.</summary>
internal static class StudyText
{
    /// <summary>What would be run, and what each run will take.</summary>
    public static void Plan(StudySpec study, IReadOnlyList<VariantPlan> plans, bool json)
    {
        (double seconds, long device, long disk) = (plans.Sum(each => each.Plan.Seconds), plans.Max(each => each.Plan.DeviceBytes), plans.Sum(each => each.Plan.DiskBytes));
        if (json)
        {
            Screen.Json(new
            {
                runs = plans.Select(each => new { name = each.Variant.Name, arm = each.Variant.Arm, each.Plan.Stages, each.Plan.Seconds, each.Plan.DeviceBytes, each.Plan.DiskBytes }),
                left_out = study.LeftOut.Select(left => new { arm = left.Key, reason = left.Value }),
                seconds,
                device_bytes = device,
                disk_bytes = disk,
            });
            return;
        }

        foreach (VariantPlan each in plans)
        {
            Screen.Line(each.Variant.Name);
            PlanText.Show(each.Plan);
            Screen.Line("");
        }

        Screen.Line($"{plans.Count} runs: at most {PlanText.Time(seconds)}, {PlanText.Bytes(device)} on the device, {PlanText.Bytes(disk)} on the disk");
        LeftOut(study);
    }

    /// <summary>Where each run of a study stands.</summary>
    public static void Show(StudyFolder study, IReadOnlyList<StudyRunStatus> runs, string folder)
    {
        Screen.Line($"{study.Name}: {runs.Count(run => run.Status is { State: RunState.Done or RunState.Partly })} of {runs.Count} runs done");
        Screen.Line($"folder {folder}");
        Screen.Table(
            ["run", "state", "stage", "samples", "quarantined", "left", "time"],
            runs.Select(run => (IReadOnlyList<string>)Cells(run)),
            3, 4, 5, 6);
        foreach (StudyRunStatus run in runs.Where(run => run.Status?.Message is not null))
        {
            Screen.Line($"{run.Member.Name}: {run.Status!.Message}");
        }

        foreach ((string arm, string reason) in study.LeftOut)
        {
            Screen.Line($"left out: {arm}: {reason}");
        }
    }

    /// <summary>A run's state in a word.</summary>
    public static string State(RunStatus? status) => status is null ? "not begun" : status.Killed ? "killed" : status.State.ToString().ToLowerInvariant();

    private static string[] Cells(StudyRunStatus run)
    {
        StageStatus? at = run.Status?.Stages.FirstOrDefault(stage => stage.State is StageState.Running or StageState.Failed) ?? run.Status?.Stages.LastOrDefault(stage => stage.State != StageState.Pending);
        SampleCounts? samples = run.Status?.Stages.Select(stage => stage.Samples).FirstOrDefault(counts => counts is not null);
        return
        [
            run.Member.Name, State(run.Status), at?.Stage.Text() ?? "", samples is null ? "" : $"{samples.Done}/{samples.Total}", samples is { Quarantined: > 0 } ? $"{samples.Quarantined}" : "",
            at?.Remaining is { } left ? PlanText.Time(left.TotalSeconds) : "", run.Status is null ? "" : PlanText.Time(run.Status.Stages.Sum(stage => stage.Worked.TotalSeconds)),
        ];
    }

    /// <summary>What came of it.</summary>
    public static void Show(StudySpec study, StudyOutcome outcome, string folder, bool json)
    {
        if (json)
        {
            Screen.Json(new
            {
                runs = outcome.Variants.Select(each => new
                {
                    name = each.Variant.Name, state = each.Run.State, folder = each.Run.Folder.Path, error = each.Run.Error?.Message,
                    stages = each.Run.Stages.Select(stage => new { stage = stage.Stage, state = stage.State, seconds = stage.Worked.TotalSeconds, summary = stage.Summary }),
                }),
                table = outcome.Table?.ToJson(TimeSpan.Zero)["table"],
                transfer = outcome.Transfer?.ToJson(TimeSpan.Zero)["table"],
                perplexity = outcome.Texts,
                left_out = study.LeftOut.Select(left => new { arm = left.Key, reason = left.Value }),
                folder,
            });
            return;
        }

        Table(outcome.Table, "Method");
        Table(outcome.Transfer, "Attacked in, method");
        foreach (TextFigure text in outcome.Texts)
        {
            Screen.Line(string.Create(CultureInfo.InvariantCulture, $"perplexity of {text.Method}: {text.Comparison.Second:F3}, {text.Comparison.Ratio:F3} times the base's"));
        }

        foreach (VariantOutcome failed in outcome.Variants.Where(each => each.Run.State == RunState.Failed))
        {
            Screen.Line($"{failed.Variant.Name} failed: {failed.Run.Error?.Message}");
        }

        LeftOut(study);
        Screen.Line($"folder: {folder}");
    }

    private static void Table(ResultTable? table, string title)
    {
        if (table is null)
        {
            return;
        }

        IReadOnlyList<ResultColumn> columns = table.Columns;
        bool several = table.Rows.DistinctBy(row => row.Modality).Skip(1).Any();
        Screen.Table(
            [title, .. columns.Select(column => column.Title)],
            table.Rows.Select(row => (IReadOnlyList<string>)[several ? $"{row.Modality}, {row.Method}" : row.Method, .. columns.Select(column => Cell(column.Cell(row)))]),
            [.. Enumerable.Range(1, columns.Count)]);
    }

    private static void LeftOut(StudySpec study)
    {
        foreach ((string arm, string reason) in study.LeftOut)
        {
            Screen.Line($"left out: {arm}: {reason}");
        }
    }

    private static string Cell(ResultCell? cell) => cell is null ? ""
        : cell.Seeds.Values.Count < 2 ? string.Create(CultureInfo.InvariantCulture, $"{cell.Mean:F2}\n{cell.Interval.Low:F2}–{cell.Interval.High:F2}")
        : string.Create(CultureInfo.InvariantCulture, $"{cell.Mean:F2}\n{cell.Seeds.Low:F2}–{cell.Seeds.High:F2}");
}
