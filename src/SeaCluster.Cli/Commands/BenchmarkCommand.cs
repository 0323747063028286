using System.CommandLine;
using System.Globalization;
using SeaCluster.Cli.Frame;
using SeaCluster.Method.Evaluation.Benchmarks;
using SeaCluster.Method.Evaluation.Benchmarks.Building;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea bench check</c>: what of a benchmark is there; <c>sea bench build</c>: one of one's own.</summary>
internal static class BenchmarkCommand
{
    public static SeaCommand Check()
    {
        BenchmarkOptions benchmark = new(required: true);
        Option<string> data = SharedOptions.Existing(new Option<string>("--data") { Description = "The benchmark's folder or file as downloaded", HelpName = "PATH", Required = true });
        Option<bool> json = SharedOptions.Json();
        SeaCommand command = new(
            "check",
            "Count a benchmark's cases by task and scenario, beside what its authors publish, and name every row that is malformed or lacks its medium. Nothing is asked of a model.",
            "bench check --benchmark va-safetybench --data VA-SafetyBench",
            "bench check --benchmark mm-safetybench --data MM --task SD_TYPO --json");
        return command.With([data, .. benchmark.Symbols, json]).Does((parsed, _) =>
        {
            BenchmarkSet set = benchmark.Read(parsed, parsed.GetValue(data)!)!;
            if (parsed.GetValue(json))
            {
                Screen.Json(Document(set));
            }
            else
            {
                BenchmarkOptions.Show(set);
                foreach (BenchmarkProblem problem in set.Problems)
                {
                    Screen.Say($"{problem}");
                }
            }

            return Task.FromResult(set.Problems.Count > 0 ? ExitCode.PartlyDone : ExitCode.Done);
        });
    }

    public static SeaCommand Build()
    {
        BuildOptions standard = new() { Inputs = [], Folder = "" };
        Option<string[]> data = SharedOptions.Existing(new Option<string[]>("--data") { Description = "Rows as MM-SafetyBench has them (Key Phrase, Phrase Type, Question, Rephrased Question): files, or its folder", HelpName = "PATH", Required = true });
        Option<string> folder = SharedOptions.Out("Folder for the benchmark; an existing one is gone on with");
        Option<string[]> tasks = new("--task") { Description = $"DM, TYPO, DM_TYPO, Audio_only, KPT, KPT_noise, or Image_TYPO (a still picture, in MM-SafetyBench's layout); may be given several times; default: {string.Join(", ", standard.Tasks)}", HelpName = "TASK" };
        Option<string?> clips = SharedOptions.Folder(new Option<string?>("--clips") { Description = "Your clips for DM and DM_TYPO, as SCENARIO/ID.mp4, .mkv or .webm", HelpName = "DIR" });
        Option<long> seed = SharedOptions.Seed();
        Option<string[]> voices = new("--voice") { Description = $"An espeak-ng voice; may be given several times, each row draws one; default: {string.Join(", ", standard.Voices)}", HelpName = "NAME" };
        Option<double> snr = new("--snr") { Description = "Decibels by which speech stands above the noise in KPT_noise", HelpName = "DB", DefaultValueFactory = _ => standard.SignalToNoise };
        Option<string> noise = new("--noise") { Description = "Noise of KPT_noise: white, pink or brown", HelpName = "COLOUR", DefaultValueFactory = _ => "pink" };
        noise.AcceptOnlyFromAmong("white", "pink", "brown");
        Option<double> seconds = SharedOptions.AtLeast(new Option<double>("--seconds") { Description = "Length of a text animation, and most that is taken of a clip", HelpName = "S", DefaultValueFactory = _ => standard.Seconds }, 0.5);
        Option<int> width = SharedOptions.AtLeast(new Option<int>("--width") { Description = "Width of videos and pictures, in pixels", HelpName = "N", DefaultValueFactory = _ => standard.Width }, 64);
        Option<int> height = SharedOptions.AtLeast(new Option<int>("--height") { Description = "Height of videos and pictures, in pixels", HelpName = "N", DefaultValueFactory = _ => standard.Height }, 64);
        Option<string?> font = SharedOptions.File(new Option<string?>("--font") { Description = "A .ttf file to write with; default: the first that is found of the usual ones", HelpName = "FILE" });
        Option<int> jobs = SharedOptions.AtLeast(new Option<int>("--jobs") { Description = "Media made at once; 0 is one a core", HelpName = "N" }, 0);
        Option<bool> json = SharedOptions.Json();
        SeaCommand command = new(
            "build",
            "Make video and audio tasks in VA-SafetyBench's layout from rows of text: the phrase written in a clip, spoken, spoken behind noise, and joined to clips of yours. The same rows, options and seed give the same bytes; manifest.jsonl has their hashes.",
            "bench build --data MM-SafetyBench --out mine --task TYPO --task KPT",
            "bench build --data rows.json --out mine --task DM_TYPO --clips clips")
        { Resumable = true };
        return command.With(data, folder, tasks, clips, seed, voices, snr, noise, seconds, width, height, font, jobs, json).Does((parsed, cancel) => Task.Run(
            async () =>
            {
                BuildOptions options = standard with
                {
                    Inputs = [.. parsed.GetValue(data)!.SelectMany(BenchmarkBuild.Files)],
                    Folder = parsed.GetValue(folder)!,
                    Tasks = parsed.GetValue(tasks) is { Length: > 0 } chosen ? chosen : standard.Tasks,
                    Clips = parsed.GetValue(clips),
                    Seed = parsed.GetValue(seed),
                    Voices = parsed.GetValue(voices) is { Length: > 0 } named ? named : standard.Voices,
                    SignalToNoise = parsed.GetValue(snr),
                    Noise = Enum.Parse<NoiseColour>(parsed.GetValue(noise)!, ignoreCase: true),
                    Seconds = parsed.GetValue(seconds),
                    Width = parsed.GetValue(width),
                    Height = parsed.GetValue(height),
                    Font = parsed.GetValue(font),
                    Jobs = parsed.GetValue(jobs),
                };
                BuildResult result;
                using (ProgressLine line = new("build", "media"))
                {
                    result = await BenchmarkBuild.RunAsync(options, new Forward(line), TimeProvider.System, cancel);
                }

                Show(result, options.Folder, parsed.GetValue(json));
                return result.Problems.Count > 0 ? ExitCode.PartlyDone : ExitCode.Done;
            },
            CancellationToken.None));
    }

    private static void Show(BuildResult result, string folder, bool json)
    {
        if (json)
        {
            Screen.Json(result);
            return;
        }

        Screen.Table(["Task", "Media"], result.ByTask.Select(task => (IReadOnlyList<string>)[task.Key, task.Value.ToString(CultureInfo.InvariantCulture)]), 1);
        Screen.Line($"{result.Rows} rows; {result.Made} media made, {result.Kept} there already, {result.Problems.Count} problems");
        Screen.Line($"{Path.Combine(folder, "manifest.jsonl")}: sha256 {result.Manifest}");
        foreach (BenchmarkProblem problem in result.Problems)
        {
            Screen.Say($"{problem}");
        }
    }

    private sealed class Forward(ProgressLine line) : IProgress<(int Done, int Total)>
    {
        public void Report((int Done, int Total) value) => line.Report(value.Done, value.Total);
    }

    /// <summary>What <c>--json</c> says of a benchmark.</summary>
    public static object Document(BenchmarkSet set) => new { name = set.Benchmark.Name, cases = set.Cases.Count, set.Counts, set.Problems, set.AbsentTasks };
}
