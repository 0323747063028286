using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using SeaCluster.Orleans;
using SeaCluster.Runs.Tests.Ledgers;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>The real command and model in a cluster of silos.</summary>
[Collection(PostgresServer.Collection)]
public sealed class SiloTests(PostgresServer server) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sea-silos-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [OrleansFact(PostgresServer.Needed)]
    public async Task A_run_in_a_cluster_whose_GPU_silo_is_killed_makes_every_embedding_once()
    {
        string alone = Path.Combine(folder, "alone"), runs = Directory.CreateDirectory(Path.Combine(folder, "runs")).FullName, shared = Path.Combine(runs, "shared");
        SeaResult undisturbed = await SeaProcess.Run(Command(alone));
        undisturbed.ExitCode.ShouldBe(0, undisturbed.All);
        using Silo trainer = await JoinAsync(runs, "trainer"), first = await JoinAsync(runs, "gpu"), second = await JoinAsync(runs, "gpu");
        using Process run = SeaProcess.Start(null, [.. Command(shared), "--cluster", server.Text("silos")], ("SEA_PROGRESS", "every"));
        await SaysAsync(run, "synthesize: 0/");
        await SaysAsync(run, "synthesize: ");
        first.Process.Kill();

        SeaResult done = await SeaProcess.Finish(run);
        done.ExitCode.ShouldBe(0, done.All);
        done.Output.ShouldContain("quarantined 0");
        Samples(shared).ShouldBe(Samples(alone));
        (await second.MetricsAsync()).ShouldMatch("(?m)^seacluster_lane_steps_total\\{[^}]*\\} [1-9]");
        (await trainer.MetricsAsync()).ShouldMatch("(?m)^seacluster_samples_settled_total\\{[^}]*seacluster_state=\"done\"[^}]*\\} 48$");
        SeaResult status = await SeaProcess.Run("status", shared, "--json");
        using JsonDocument told = JsonDocument.Parse(status.Output);
        told.RootElement.GetProperty("state").GetString().ShouldBe("done");
        foreach (Silo silo in new[] { second, trainer })
        {
            await silo.TerminateAsync();
        }
    }

    [OrleansFact("")]
    public async Task Wrong_use_of_a_silo_is_named()
    {
        SeaResult missing = await SeaProcess.Run("silo", Path.Combine(folder, "nowhere"), "--role", "gpu", "--cluster", "localhost");
        (missing.ExitCode, missing.Error.Contains("nowhere: no such folder", StringComparison.Ordinal)).ShouldBe((2, true), missing.All);
        SeaResult kind = await SeaProcess.Run("silo", folder, "--role", "gpu", "--cluster", "redis://x");
        (kind.ExitCode, kind.Error.Contains("--cluster: expected azure, postgres://USER@HOST/DATABASE or localhost", StringComparison.Ordinal)).ShouldBe((2, true), kind.All);
        SeaResult azure = await SeaProcess.Run(null, ["silo", folder, "--role", "gpu"], (ClusterAddress.AzureVariable, null));
        (azure.ExitCode, azure.Error.Contains("Azure", StringComparison.OrdinalIgnoreCase)).ShouldBe((2, true), azure.All);
        SeaResult study = await SeaProcess.Run("run", "samples/demo/run.yaml", "--out", Path.Combine(folder, "x"), "--controls", "--cluster", "localhost");
        (study.ExitCode, study.Error.Contains("--cluster takes one run, not a study", StringComparison.Ordinal)).ShouldBe((2, true), study.All);
    }

    [NoOrleansFact]
    public async Task Without_the_packages_the_command_says_what_is_missing()
    {
        foreach (string[] arguments in (string[][])[["silo", folder, "--role", "gpu"], ["run", "samples/demo/run.yaml", "--out", Path.Combine(folder, "x"), "--cluster", "localhost"]])
        {
            SeaResult result = await SeaProcess.Run(arguments);
            (result.ExitCode, result.Error.Contains("this build has no Orleans", StringComparison.Ordinal)).ShouldBe((2, true), result.All);
            result.Error.ShouldContain("sea setup --source FOLDER");
        }

        Directory.Exists(Path.Combine(folder, "x")).ShouldBeFalse();
    }

    private static string[] Command(string run) =>
    [
        "run", "samples/demo/run.yaml", "--out", run, "--set", "data.limit=24", "--set", "synthesize.steps=10", "--set", "synthesize.slots=4",
        "--set", "align.steps=2", "--set", "align.warmup=1", "--set", "evaluate.base=false",
    ];

    private async Task<Silo> JoinAsync(string runs, string role)
    {
        Process process = SeaProcess.Start(
            null,
            ["silo", runs, "--role", role, "--cluster", server.Text("silos"), "--address", "127.0.0.1", "--port", FreePort(), "--gateway-port", FreePort(), "--window", "8", "--urls", "http://127.0.0.1:0", "--log-format", "json"]);
        string told = Message(await SaysAsync(process, "silo: metrics and health on "));
        Message(await SaysAsync(process, "in the cluster sea at postgres://")).ShouldStartWith($"silo: {role} in the cluster");
        Silo silo = new(process, new HttpClient { BaseAddress = new Uri(told[told.IndexOf("http://", StringComparison.Ordinal)..]) }, process.StandardError.ReadToEndAsync());
        await silo.ReadyAsync();
        return silo;
    }

    private static string Message(string line)
    {
        using JsonDocument log = JsonDocument.Parse(line);
        return log.RootElement.GetProperty("message").GetString()!;
    }

    // The hash in a name is of bytes that differ in the last places with the batch that a sample shared.
    private static string[] Samples(string run) => [.. Directory.GetFiles(Path.Combine(run, "embeddings")).Select(file => Path.GetFileName(file)[..^29]).Order(StringComparer.Ordinal)];

    private static string FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<string> SaysAsync(Process process, string part)
    {
        List<string> said = [];
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (line.Contains(part, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"expected '{part}' on stderr, found\n{string.Join('\n', said)}");
    }

    /// <summary>A silo in a process of its own; it dies with the test. Whatever it logs is taken off its hands: a full pipe would stop it.</summary>
    private sealed record Silo(Process Process, HttpClient Http, Task<string> Log) : IDisposable
    {
        public Task<string> MetricsAsync() => Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));

        public async Task ReadyAsync()
        {
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
            using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(200));
            while (await pace.WaitForNextTickAsync(limit.Token))
            {
                using HttpResponseMessage ready = await Http.GetAsync(new Uri("/readyz", UriKind.Relative), limit.Token);
                if (ready.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
        }

        public async Task TerminateAsync()
        {
            using Process terminate = Process.Start("kill", ["-TERM", $"{Process.Id}"]);
            await terminate.WaitForExitAsync();
            using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
            await Process.WaitForExitAsync(limit.Token);
            Process.ExitCode.ShouldBe(0, await Log);
        }

        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
            }

            Process.Dispose();
            Http.Dispose();
        }
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class OrleansFactAttribute : FactAttribute
    {
        /// <param name="commands">Programs that must be there too.</param>
        public OrleansFactAttribute(string commands) => Skip = !Cluster.IsThere ? "needs the Orleans packages" : commands.Length == 0 ? null! : Programs.WhyNot(commands)!;
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class NoOrleansFactAttribute : FactAttribute
    {
        public NoOrleansFactAttribute() => Skip = Cluster.IsThere ? "is about a build without the Orleans packages" : null!;
    }
}
