using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SeaCluster.Orleans.Tests.Processes;

/// <summary>A silo in a process of its own, whose lane takes a given time; it dies with the test.</summary>
internal sealed class SiloProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    private readonly Process _process;
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> _errors = [];

    private SiloProcess(string root, SiloRole role, string cluster, string name, int tick)
    {
        Role = role;
        ProcessStartInfo start = new("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments = ["exec", typeof(SiloProcess).Assembly.Location, root, role.ToString(), cluster, name, Port(), Port(), tick.ToString(CultureInfo.InvariantCulture)];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Heard(line.Data);
        _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public SiloRole Role { get; }

    /// <summary>What its lane and stages did, and when.</summary>
    public ConcurrentQueue<(string Line, long At)> Lines { get; } = [];

    public static async Task<SiloProcess> StartAsync(string root, SiloRole role, string cluster, string name, int tick = 10)
    {
        SiloProcess silo = new(root, role, cluster, name, tick);
        await silo.JoinedAsync();
        return silo;
    }

    /// <summary>Kills it (SIGKILL).</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends it a signal by its id.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
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

    private async Task JoinedAsync()
    {
        Task ended = _process.WaitForExitAsync(), tooLong = Task.Delay(s_patience);
        if (await Task.WhenAny(_joined.Task, ended, tooLong) is var first && first != _joined.Task)
        {
            Dispose();
            throw new InvalidOperationException($"the silo {(first == ended ? "ended" : $"did not join within {s_patience}")}: {string.Join('\n', _errors)}");
        }
    }

    private void Heard(string? line)
    {
        if (line == "joined")
        {
            _joined.TrySetResult();
        }
        else if (line is not null)
        {
            Lines.Enqueue((line, Stopwatch.GetTimestamp()));
        }
    }

    private static string Port()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
