using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using SeaCluster.Orleans.Dataset;
using SeaCluster.Orleans.Grains;
using SeaCluster.Orleans.Lanes;
using SeaCluster.Orleans.Placement;
using SeaCluster.Orleans.Training;
using System.Globalization;

namespace SeaCluster.Orleans.Hosting;

/// <summary>What every silo has, wherever its cluster's data is.</summary>
internal static class SiloBuilding
{
    // A silo answers whoever watches after half of its own limit at the latest, with news or without: half of this must be well below the client's.
    private static readonly TimeSpan s_answer = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan s_clientAnswer = TimeSpan.FromSeconds(5);

    /// <summary>Adds the grains' services, their placement and the failover settings.</summary>
    public static ISiloBuilder AddSea(this ISiloBuilder silo, SiloRole role, int window, Func<IServiceProvider, SiloRuns> runs)
    {
        silo.UseSiloMetadata(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [ProviderNames.RoleKey] = role == SiloRole.Gpu ? SiloRoles.Gpu : SiloRoles.Trainer,
            [ProviderNames.WindowKey] = window.ToString(CultureInfo.InvariantCulture),
        });
        IServiceCollection services = silo.Services;
        services.AddPlacementFilter<SiloRoleFilter, SiloRoleDirector>(ServiceLifetime.Transient);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SiloDirectory>();
        services.AddSingleton<LaneLoad>();
        services.AddSingleton<ISiloLane, SiloLane>();
        services.AddSingleton<ILaneSource, RunLaneSource>();
        services.AddSingleton<DatasetWork>();
        services.AddSingleton<TrainerWork>();
        services.AddSingleton(runs);
        silo.AddReminders();
        silo.Configure<ReminderOptions>(options => options.MinimumReminderPeriod = UnderWayState.Period);
        silo.Configure<ClusterMembershipOptions>(FastFailover);
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = s_answer);
        return silo;
    }

    /// <summary>A client's calls to a silo that died are not broken off by anybody: it asks again after this.</summary>
    public static IClientBuilder AddSea(this IClientBuilder client) => client
        .Configure<ClientMessagingOptions>(options => options.ResponseTimeout = s_clientAnswer)
        // A frozen silo keeps its connections: only the cluster's own list says that it is no way in any more.
        .Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = s_clientAnswer);

    /// <summary>
    /// A silo that does not answer for three seconds is declared dead by whoever notices, and ends itself when it hears of that. Orleans' own settings take a quarter of a
    /// minute. A false alarm costs a restart of that silo and the samples in its lane; no result.
    /// </summary>
    public static void FastFailover(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(1);
        options.NumMissedProbesLimit = 3;
        options.NumVotesForDeathDeclaration = 1;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(3);
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
    }
}
