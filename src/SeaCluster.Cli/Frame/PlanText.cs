using System.Globalization;
using SeaCluster.Runs;
using SeaCluster.Runs.Planning;

namespace SeaCluster.Cli.Frame;

/// <summary>Plans and what they are made of, as people read them.</summary>
internal static class PlanText
{
    /// <summary>A table with a row for each stage.</summary>
    public static void Show(RunPlan plan)
    {
        Screen.Table(
            ["Plan", "Work", "At once", "Steps", "Device", "Disk", "At most"],
            plan.Stages.Select(Cells).Append(["together", "", "", "", Bytes(plan.DeviceBytes), Bytes(plan.DiskBytes), Time(plan.Seconds)]),
            2, 3, 4, 5, 6);
        foreach (StagePlan stage in plan.Stages.Where(stage => stage.Note is not null))
        {
            Screen.Line($"{stage.Stage.Text()}: {stage.Note}");
        }
    }

    /// <summary>A remark of one line.</summary>
    public static string Line(RunPlan plan) =>
        $"plan: {string.Join(", ", plan.Stages.Where(stage => stage.Items > 0).Select(stage => $"{Count(stage.Items)} {stage.Unit}"))}; at most {Time(plan.Seconds)}, {Bytes(plan.DeviceBytes)} on the device, {Bytes(plan.DiskBytes)} on the disk";

    /// <summary>Hours, minutes, seconds; tenths of seconds below a minute.</summary>
    public static string Time(double seconds) => seconds < 60 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:F1} s") : Clock(Math.Ceiling(seconds));

    /// <summary>Minutes and seconds, 2:05, with the hours before them where there are some, 26:02:05; whole seconds, rounded down.</summary>
    public static string Clock(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, 8_640_000)) is { TotalHours: >= 1 } time
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60}:{(int)seconds % 60:00}");

    /// <summary>Bytes in a unit that keeps them short.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):F1} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:F1} KiB"),
    };

    /// <summary>A number with its thousands apart.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static IReadOnlyList<string> Cells(StagePlan stage) =>
    [
        stage.Stage.Text(), stage.Items == 0 ? "nothing" : $"{Count(stage.Items)} {stage.Unit}", stage.Slots is { } slots ? Count(slots) : "", stage.Steps is { } steps ? Count(steps) : "",
        stage.DeviceBytes is { } device ? Bytes(device) : "", stage.DiskBytes is { } disk ? Bytes(disk) : "", stage.Seconds is { } seconds ? Time(seconds) : "unknown",
    ];
}
