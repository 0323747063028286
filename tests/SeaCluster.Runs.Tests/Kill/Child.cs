using System.Diagnostics;

namespace SeaCluster.Runs.Tests.Kill;

/// <summary>A process running <see cref="ChildProgram"/>; it dies with the test.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;

    public Child(params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["exec", typeof(ChildProgram).Assembly.Location, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = Process.Start(start)!;
        Errors = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public StreamWriter Input => _process.StandardInput;

    public Task<string> Errors { get; }

    public List<string> Lines { get; } = [];

    /// <summary>Reads until a line begins so.</summary>
    /// <returns>False when the process ended before.</returns>
    public async Task<bool> SaysAsync(string beginning) => await ReadAsync(line => line.StartsWith(beginning, StringComparison.Ordinal));

    /// <summary>Reads so many lines.</summary>
    /// <returns>False when the process ended before.</returns>
    public async Task<bool> SaysLinesAsync(int count) => await ReadAsync(_ => --count == 0);

    public async Task<int> EndAsync()
    {
        await ReadAsync(_ => false);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>Kills it (SIGKILL), and reads what it had said.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await EndAsync();
    }

    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{Id}"]);
        kill.WaitForExit();
        kill.ExitCode.ShouldBe(0);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task<bool> ReadAsync(Func<string, bool> enough)
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            Lines.Add(line);
            if (enough(line))
            {
                return true;
            }
        }

        return false;
    }
}
