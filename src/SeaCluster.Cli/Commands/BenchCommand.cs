using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Throughput;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea bench</c>: published benchmarks checked and built, and the synthesis measured beside the plain PyTorch loop.</summary>
internal static class BenchCommand
{
    public static Command Create() => new SeaCommand("bench", "Check and build safety benchmarks; time the synthesis and the cluster on this machine.").With(BenchmarkCommand.Check(), BenchmarkCommand.Build(), Throughput(), ClusterBenchCommand.Create());

    private static SeaCommand Throughput()
    {
        Option<string> config = new("--config") { Description = "Size of the model, with random weights: tiny, small or llava-7b", HelpName = "NAME", DefaultValueFactory = _ => "tiny" };
        config.AcceptOnlyFromAmong([.. ThroughputConfig.All.Select(each => each.Name)]);
        Option<int> samples = Count("--samples", "Samples that each side optimises", 16);
        Option<int> steps = Count("--steps", "Adam steps of a sample", 10);
        Option<int> together = Count("--together", "Samples that the PyTorch loop batches in its second measurement; in the first it takes one by one", 8);
        Option<int> threads = Count("--threads", "Threads of both sides; 0 is the cores", 0);
        Option<int> slots = Count("--slots", "Samples that the synthesis optimises side by side; 0 lets the plan choose", 0);
        Option<string> type = new("--dtype") { Description = "float32 or bfloat16", HelpName = "TYPE", DefaultValueFactory = _ => "float32" };
        type.AcceptOnlyFromAmong("float32", "bfloat16");
        Option<bool> json = SharedOptions.Json();
        SeaCommand command = new(
            "throughput",
            "Time the synthesis beside a plain PyTorch loop over the same samples: embeddings per second of both, in one run with equal steps, type, threads and weights. The loop needs Python with torch (Debian: python3-torch); without it the synthesis is timed alone.",
            "bench throughput --config tiny",
            "bench throughput --config small --json");
        return command.With(config, samples, steps, together, threads, slots, type, json).Does((parsed, cancel) => Task.Run(
            () =>
            {
                Screen.Say("measuring our side, then the reference; this takes minutes for the larger sizes");
                ThroughputResult result = ThroughputBenchmark.Run(
                    new ThroughputOptions
                    {
                        Config = parsed.GetValue(config)!,
                        Samples = parsed.GetValue(samples),
                        Steps = parsed.GetValue(steps),
                        Together = parsed.GetValue(together),
                        Threads = parsed.GetValue(threads),
                        Slots = parsed.GetValue(slots),
                        DType = parsed.GetValue(type)!,
                    },
                    cancel);
                if (parsed.GetValue(json))
                {
                    Screen.Json(result);
                }
                else
                {
                    Show(result, parsed.GetValue(together));
                }

                return ExitCode.Done;
            },
            CancellationToken.None));
    }

    private static Option<int> Count(string name, string description, int standard) =>
        SharedOptions.AtLeast(new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard }, standard == 0 ? 0 : 1);

    private static void Show(ThroughputResult result, int together)
    {
        Screen.Line($"{result.Config}, {result.DType}, {result.Threads} threads, {result.Samples} samples of {result.Steps} steps; {result.Backend}");
        (string Name, ThroughputSide? Side, double? Ratio)[] sides =
        [
            ($"ours, {result.Slots} slots", result.Ours, null),
            ("PyTorch, one sample at a time", result.Reference, result.RatioPerSample),
            ($"PyTorch, {together} together", result.ReferenceBatched, result.RatioBatched),
        ];
        Screen.Table(
            ["", "per second", "first loss", "last loss", "ours is faster"],
            sides.Where(each => each.Side is not null).Select(each => new[]
            {
                each.Name, $"{each.Side!.EmbeddingsPerSecond:0.000}", $"{each.Side.FirstLoss:0.0000}", $"{each.Side.LastLoss:0.0000}", each.Ratio is { } ratio ? $"{ratio:0.00} ×" : "",
            }),
            1, 2, 3, 4);
        if (result.LargestLossDifference is { } difference)
        {
            Screen.Line($"largest difference of any two losses: {difference:0.0e+0}; PyTorch {result.ReferenceTorch}");
        }

        if (result.NotMeasured is { } reason)
        {
            Screen.Say(reason);
        }
    }
}
