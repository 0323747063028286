using Orleans.Hosting;
using SeaCluster.Models;

namespace SeaCluster.Orleans.Hosting;

/// <summary>Azure Storage, in a build without its providers.</summary>
internal static class AzureProviders
{
    public static void Cluster(ISiloBuilder silo) => throw Missing();

    public static void Cluster(IClientBuilder client) => throw Missing();

    public static void Storage(ISiloBuilder silo) => throw Missing();

    private static SeaException Missing() => new(
        "this build has no Azure Storage for Orleans: its packages were not there when it was made",
        "'sea setup' says what is missing; or give --cluster postgres://..., or for development --cluster localhost") { WrongUse = true };
}
