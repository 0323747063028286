using System.CommandLine;
using System.Diagnostics;
using SeaCluster.Cli.Frame;
using SeaCluster.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea backend</c>: set-up asks it how fast matrix products are; a slow BLAS shows here and nowhere else.</summary>
internal static class BackendCommand
{
    private const int Size = 512;
    private static readonly TimeSpan Enough = TimeSpan.FromMilliseconds(200);

    public static Command Create() => new SeaCommand("backend", "Say what the tensors run on and how fast matrix products are.", "backend") { Hidden = true }.Does((_, _) =>
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor matrix = ones(Size, Size);
        matrix.matmul(matrix).Dispose();
        Stopwatch clock = Stopwatch.StartNew();
        double fastest = double.PositiveInfinity;
        while (clock.Elapsed < Enough)
        {
            TimeSpan before = clock.Elapsed;
            matrix.matmul(matrix).Dispose();
            fastest = Math.Min(fastest, (clock.Elapsed - before).TotalSeconds);
        }

        Screen.Line(TorchRuntime.Description);
        Screen.Line($"{2.0 * Size * Size * Size / fastest / 1e9:0.0} GFLOP/s in matrix products");
        return Task.FromResult(ExitCode.Done);
    });
}
