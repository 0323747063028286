using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Orleans.Configuration;
using Orleans.Hosting;
using SeaCluster.Models;
using SeaCluster.Orleans.Hosting;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Stages;
using System.Net;

namespace SeaCluster.Orleans;

/// <summary>Orleans silos and their clients.</summary>
public static class Cluster
{
    /// <summary>Whether this build has Orleans.</summary>
    public static bool IsThere => true;

    /// <summary>Does nothing: this build has Orleans.</summary>
    public static void Require()
    {
    }

    /// <summary>Runs a silo until it is asked to end.</summary>
    /// <param name="settings">Which.</param>
    /// <param name="say">Where to tell that it takes part.</param>
    /// <param name="logs">Where warnings of the silo go; null is stderr, as text.</param>
    /// <param name="stop">Asks to end: samples in hand are given up, the cluster does them elsewhere.</param>
    /// <exception cref="SeaException">It cannot take part.</exception>
    public static async Task RunSiloAsync(SiloSettings settings, Action<string> say, ILoggerProvider? logs, CancellationToken stop)
    {
        if (!Directory.Exists(settings.Root))
        {
            throw new SeaException($"{settings.Root}: no such folder", "name the folder that holds the run folders; every silo must reach it") { WrongUse = true };
        }

        using IHost host = await BuildAsync(settings, RunStages.Create, logs, stop);
        try
        {
            await host.StartAsync(stop);
        }
        catch (Exception error) when (error is not (OperationCanceledException or SeaException))
        {
            throw new SeaException($"the silo cannot join the cluster at {settings.Cluster.Shown}: {error.Message}", "its ports must be free here, and the other silos must reach them; --verbose shows more", error);
        }

        say($"silo: {settings.Role.ToString().ToLowerInvariant()} in the cluster {settings.Name} at {settings.Cluster.Shown}, runs in {settings.Root}");
        await host.WaitForShutdownAsync(stop);
    }

    /// <summary>Has a run done by a cluster, and follows it to its end.</summary>
    /// <param name="address">The cluster.</param>
    /// <param name="name">Its name.</param>
    /// <param name="folder">The run folder, directly below the silos' folder of runs.</param>
    /// <param name="spec">The spec.</param>
    /// <param name="notices">Where signs of life go.</param>
    /// <param name="stop">Asks the cluster to stop the run, resumable.</param>
    public static Task<RunOutcome> RunAsync(ClusterAddress address, string name, RunFolder folder, RunSpec spec, IProgress<RunNotice> notices, CancellationToken stop) =>
        ClusterRun.RunAsync(address, name, folder, spec, notices, stop);

    internal static async Task<IHost> BuildAsync(SiloSettings settings, StagesOfRun stages, ILoggerProvider? logs, CancellationToken stop)
    {
        ClusterAddress storage = settings.Storage ?? settings.Cluster;
        foreach (ClusterAddress address in new[] { settings.Cluster, storage }.Where(each => each.Store == ClusterStore.Postgres).DistinctBy(each => each.Shown))
        {
            await PostgresSchema.CreateAsync(address.Postgres!, stop);
        }

        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        if (logs is null)
        {
            builder.Logging.AddSimpleConsole(options => (options.SingleLine, options.TimestampFormat) = (true, "HH:mm:ss "));
            // Results go to stdout, logs to stderr.
            builder.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        }
        else
        {
            builder.Logging.AddProvider(logs);
        }

        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // Advice on the garbage collector, and on reminders by the hundred: there is one a run here.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error).AddFilter("Orleans.Hosting.ReminderOptionsValidator", LogLevel.Error).AddFilter("Orleans.Hosting.ReminderOptions", LogLevel.Error);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(20));
        builder.UseOrleans(silo =>
        {
            silo.UseCluster(settings);
            silo.UseStorage(storage);
            silo.Configure<EndpointOptions>(options =>
            {
                options.AdvertisedIPAddress = settings.Address is { } address ? IPAddress.Parse(address) : settings.Cluster.Store == ClusterStore.Localhost ? IPAddress.Loopback : options.AdvertisedIPAddress;
                options.SiloPort = settings.Port;
                options.GatewayPort = settings.GatewayPort;
                options.SiloListeningEndpoint = new IPEndPoint(settings.Address is { } bind && IPAddress.IsLoopback(IPAddress.Parse(bind)) ? IPAddress.Loopback : IPAddress.Any, settings.Port);
                options.GatewayListeningEndpoint = new IPEndPoint(options.SiloListeningEndpoint.Address, settings.GatewayPort);
            });
            silo.AddSea(settings.Role, settings.Window, services => new SiloRuns(settings.Root, settings.Overrides, stages, services.GetRequiredService<TimeProvider>()));
        });
        builder.Services.AddHostedService<SiloHeartbeat>();
        return builder.Build();
    }
}
