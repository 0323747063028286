using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Orleans.Hosting;
using SeaCluster.Models;

namespace SeaCluster.Orleans.Hosting;

/// <summary>Azure Storage: tables for membership and reminders, blobs for the grains' state.</summary>
internal static class AzureProviders
{
    public static void Cluster(ISiloBuilder silo)
    {
        string connection = Connection();
        silo.UseAzureStorageClustering(options => options.TableServiceClient = new TableServiceClient(connection));
    }

    public static void Cluster(IClientBuilder client)
    {
        string connection = Connection();
        client.UseAzureStorageClustering(options => options.TableServiceClient = new TableServiceClient(connection));
    }

    public static void Storage(ISiloBuilder silo)
    {
        string connection = Connection();
        silo.AddAzureBlobGrainStorage(ProviderNames.Storage, options => options.BlobServiceClient = new BlobServiceClient(connection));
        silo.UseAzureTableReminderService(options => options.Configure(table => table.TableServiceClient = new TableServiceClient(connection)));
    }

    private static string Connection() => Environment.GetEnvironmentVariable(ClusterAddress.AzureVariable) is { Length: > 0 } connection ? connection : throw new SeaException(
        $"--cluster azure: {ClusterAddress.AzureVariable} is not set",
        "set it to the storage account's connection string; or give --cluster postgres://..., or for development --cluster localhost") { WrongUse = true };
}
