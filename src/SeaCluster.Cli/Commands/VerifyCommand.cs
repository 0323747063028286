using System.CommandLine;
using System.Globalization;
using SeaCluster.Cli.Frame;
using SeaCluster.Runs.Audit;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Stages;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea verify</c>: a few embeddings of a run, computed once more.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        Argument<string> folder = RunFolders.Argument();
        Option<int> samples = new("--samples") { Description = "How many, picked at random", HelpName = "N", DefaultValueFactory = _ => 5 };
        samples.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (>= 1 and <= 100_000))
            {
                result.AddError("--samples: expected a whole number, 1 to 100000.");
            }
        });
        Option<int> seed = new("--seed") { Description = "Picks others", HelpName = "N", DefaultValueFactory = _ => 0 };
        Option<double?> tolerance = new("--tolerance") { Description = "Largest difference of the last loss. Default: equal bytes for a deterministic run, else 1e-05. Another machine's kernels round differently: give one there", HelpName = "X" };
        Option<string?> device = SharedOptions.DeviceHere();
        Option<string[]> set = SharedOptions.SetHere();
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand(
            "verify",
            "Compute a random few of a run's embeddings once more and compare them with what the run recorded. Changes nothing. Exits 1 when one differs.",
            "verify runs/first", "verify runs/first --samples 20 --seed 7 --tolerance 1e-4")
            .With(folder, samples, seed, tolerance, device, set, json)
            .Does(async (parsed, cancel) =>
            {
                RunFolder run = RunFolders.Open(parsed.GetValue(folder)!);
                VerifyOptions options = new(
                    parsed.GetValue(samples), parsed.GetValue(seed), parsed.GetValue(tolerance), Overrides.Here(parsed.GetValue(set), parsed.GetValue(device)));
                Verification found;
                using (ProgressLine line = new("verify", "embeddings"))
                {
                    found = await new SampleVerifier((SampleStage)SynthesizeStage.Create(), TimeProvider.System).RunAsync(run, options, new Counting(line, options.Samples), cancel);
                }

                if (parsed.GetValue(json))
                {
                    Screen.Json(new { found.Run, found.Agrees, found.Tolerance, found.Done, found.Samples });
                }
                else
                {
                    Show(found);
                }

                return found.Agrees ? ExitCode.Done : ExitCode.Failed;
            });
    }

    private static void Show(Verification found)
    {
        Screen.Table(
            ["sample", "steps", "loss", "loss again", "largest diff.", "same"],
            found.Samples.Select(sample => sample.Comparison is { } compared
                ? new[]
                {
                    sample.Sample, compared.Steps == compared.StepsAgain ? $"{compared.Steps}" : $"{compared.Steps}/{compared.StepsAgain}", Number(compared.Loss, "0.000000"), Number(compared.LossAgain, "0.000000"),
                    Number(compared.LargestDifference, "0.0e+00"), compared.SameBytes ? "bytes" : sample.Agrees ? "yes" : "NO",
                }
                : [sample.Sample, "", "", "", "", "NO"]),
            1, 2, 3, 4);
        foreach (VerifiedSample failed in found.Samples.Where(sample => sample.Error is not null))
        {
            Screen.Line(Screen.Visible($"{failed.Sample}: {failed.Error}"));
        }

        string measure = found.Tolerance is { } within ? string.Create(CultureInfo.InvariantCulture, $"the last loss within {within:0.#e+00}") : "equal bytes";
        Screen.Line($"{found.Samples.Count(sample => sample.Agrees)} of {found.Samples.Count} agree ({measure}), picked from {found.Done}");
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private sealed class Counting(ProgressLine line, int total) : IProgress<VerifiedSample>
    {
        private int done;

        public void Report(VerifiedSample value) => line.Report(++done, total, value.Sample);
    }
}
