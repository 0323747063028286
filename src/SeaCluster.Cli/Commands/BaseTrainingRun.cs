using System.Globalization;
using System.Text.Json.Nodes;
using SeaCluster.Cli.Frame;
using SeaCluster.Demo.Training;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea demo --train-base</c>: the demo's base model from nothing.</summary>
internal static class BaseTrainingRun
{
    internal static int Run(string folder, ulong seed, bool json, CancellationToken cancel)
    {
        ProgressLine? line = null;
        string? stage = null;
        (BaseQuality Validation, BaseQuality Test) result;
        try
        {
            result = ImageBaseTraining.Run(
                folder,
                new BaseTrainingOptions { Seed = seed },
                progress =>
                {
                    if (stage != progress.Stage)
                    {
                        line?.Dispose();
                        line = new ProgressLine(stage = progress.Stage, progress.Steps > 1 ? "steps" : "");
                    }

                    line!.Report(progress.Done, progress.Steps, progress.Loss is { } loss ? string.Create(CultureInfo.InvariantCulture, $"loss {loss:F3}") : null);
                },
                cancel);
        }
        finally
        {
            line?.Dispose();
        }

        if (json)
        {
            Console.Out.WriteLine(new JsonObject { ["folder"] = folder, ["validation"] = ImageBaseTraining.Json(result.Validation), ["test"] = ImageBaseTraining.Json(result.Test) }.ToJsonString());
            return ExitCode.Done;
        }

        Screen.Table(
            ["Right answers on unseen fonts and colours", "Validation", "Test"],
            ImageBaseTraining.Json(result.Validation).Zip(ImageBaseTraining.Json(result.Test), (validation, test) =>
                (IReadOnlyList<string>)[validation.Key, validation.Value!.ToJsonString(), test.Value!.ToJsonString()]),
            1, 2);
        Screen.Line($"checkpoint: {Path.GetFullPath(folder)}");
        return ExitCode.Done;
    }
}
