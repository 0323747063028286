using System.Net;
using Orleans.Configuration;
using Orleans.Hosting;

namespace SeaCluster.Orleans.Hosting;

/// <summary>Where a cluster's own data is, for silos and clients.</summary>
internal static class Providers
{
    private const string Npgsql = "Npgsql";

    /// <summary>Who is in the cluster.</summary>
    public static void UseCluster(this ISiloBuilder silo, SiloSettings settings)
    {
        silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (settings.Name, settings.Name));
        switch (settings.Cluster.Store)
        {
            case ClusterStore.Azure:
                AzureProviders.Cluster(silo);
                break;
            case ClusterStore.Postgres:
                silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Npgsql, PostgresSchema.ConnectionTo(settings.Cluster.Postgres!)));
                break;
            default:
                silo.UseDevelopmentClustering(new IPEndPoint(IPAddress.Loopback, settings.Cluster.Port));
                break;
        }
    }

    /// <summary>Where grains keep their state and reminders.</summary>
    public static void UseStorage(this ISiloBuilder silo, ClusterAddress address)
    {
        switch (address.Store)
        {
            case ClusterStore.Azure:
                AzureProviders.Storage(silo);
                break;
            case ClusterStore.Postgres:
                string connection = PostgresSchema.ConnectionTo(address.Postgres!);
                silo.AddAdoNetGrainStorage(ProviderNames.Storage, options => (options.Invariant, options.ConnectionString, options.DeleteStateOnClear) = (Npgsql, connection, true));
                silo.UseAdoNetReminderService(options => (options.Invariant, options.ConnectionString) = (Npgsql, connection));
                break;
            default:
                silo.AddMemoryGrainStorage(ProviderNames.Storage);
                silo.UseInMemoryReminderService();
                break;
        }
    }

    /// <summary>How a client finds the cluster.</summary>
    public static void UseCluster(this IClientBuilder client, ClusterAddress address, string name)
    {
        client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (name, name));
        switch (address.Store)
        {
            case ClusterStore.Azure:
                AzureProviders.Cluster(client);
                break;
            case ClusterStore.Postgres:
                client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Npgsql, PostgresSchema.ConnectionTo(address.Postgres!)));
                break;
            default:
                client.UseLocalhostClustering(gatewayPort: address.Port - SiloSettings.DefaultPort + SiloSettings.DefaultGatewayPort, serviceId: name, clusterId: name);
                break;
        }
    }
}
