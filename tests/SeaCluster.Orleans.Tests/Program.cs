using System.Globalization;
using Microsoft.Extensions.Hosting;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Runs.Tests;

// Every test measures how soon a cluster goes on: they must not take each other's processor.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace SeaCluster.Orleans.Tests;

/// <summary>This assembly as a program: a silo that the failure tests start and kill.</summary>
public static class Program
{
    /// <summary><c>ROOT ROLE CLUSTER NAME PORT GATEWAY TICK</c>; says what its lane does, a line each.</summary>
    public static async Task<int> Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        StreamWriter output = new(Console.OpenStandardOutput()) { AutoFlush = true };
        void Say(string line)
        {
            lock (output)
            {
                output.WriteLine(line);
            }
        }

        TimeSpan tick = TimeSpan.FromMilliseconds(int.Parse(args[6], CultureInfo.InvariantCulture));
        FakeRun fake = new(Say) { BeforeTick = cancel => Task.Delay(tick, cancel), DuringAlign = (_, cancel) => Task.Delay(2 * tick, cancel) };
        SiloSettings settings = new()
        {
            Root = args[0],
            Role = Enum.Parse<SiloRole>(args[1], ignoreCase: true),
            Cluster = ClusterAddress.Parse(args[2]),
            Name = args[3],
            Address = "127.0.0.1",
            Port = int.Parse(args[4], CultureInfo.InvariantCulture),
            GatewayPort = int.Parse(args[5], CultureInfo.InvariantCulture),
            Window = 8,
        };
        using IHost host = await Cluster.BuildAsync(settings, elsewhere => fake.Stages(elsewhere), logs: null, CancellationToken.None);
        await host.StartAsync();
        Say("joined");
        await host.WaitForShutdownAsync();
        return 0;
    }
}
