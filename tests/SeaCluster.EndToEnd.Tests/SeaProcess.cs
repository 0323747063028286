using System.Diagnostics;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>What one run of the real command left behind.</summary>
internal sealed record SeaResult(int ExitCode, string Output, string Error)
{
    /// <summary>For assertions: everything there is to know when an exit code surprises.</summary>
    public string All => $"exit code {ExitCode}\n--- stdout\n{Output}\n--- stderr\n{Error}";
}

/// <summary>Runs the built <c>sea</c> as a process of its own, as a person or a script would.</summary>
internal static class SeaProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static Task<SeaResult> Run(params string[] arguments) => Run(null, arguments);

    public static async Task<SeaResult> Run(string? folder, string[] arguments, params (string Name, string? Value)[] environment)
    {
        using Process process = Start(folder, arguments, environment);
        return await Finish(process);
    }

    public static Process Start(string? folder, string[] arguments, params (string Name, string? Value)[] environment) => Start(folder, "dotnet", [Command, .. arguments], environment);

    /// <summary>
    /// The same where the test presses Ctrl-C: a shell starts its background jobs with the signal ignored, their children inherit that, and .NET leaves it so.
    /// </summary>
    public static Process StartInterruptible(string[] arguments, params (string Name, string? Value)[] environment) =>
        Start(null, "env", ["--default-signal=INT", "dotnet", Command, .. arguments], environment);

    private static string Command => Path.Combine(AppContext.BaseDirectory, "sea.dll");

    private static Process Start(string? folder, string program, string[] arguments, (string Name, string? Value)[] environment)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? Repository.Root,
        };
        start.Environment.Remove("SEA_COMMAND");
        // On a machine that does other work too, kernels of several threads wait for each other's turns and take many times as long.
        start.Environment["DOTNET_PROCESSOR_COUNT"] = "1";
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    public static async Task<SeaResult> Finish(Process process)
    {
        using CancellationTokenSource limit = new(Limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new SeaResult(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
