using SeaCluster.Models;
using SeaCluster.Runs.Ledgers.Postgres;

namespace SeaCluster.Orleans;

/// <summary>What holds the silos of a cluster together: who is in it, the grains' state and their reminders.</summary>
public enum ClusterStore
{
    /// <summary>Azure Storage.</summary>
    Azure,

    /// <summary>A PostgreSQL database.</summary>
    Postgres,

    /// <summary>The memory of the first silo on this machine; for development.</summary>
    Localhost,
}

/// <summary>Where a cluster's own data is.</summary>
public sealed record ClusterAddress
{
    /// <summary>The environment variable with the connection string of an Azure Storage account.</summary>
    public const string AzureVariable = "AZURE_STORAGE_CONNECTION_STRING";

    private const string Forms = "expected azure, postgres://USER@HOST/DATABASE or localhost";

    private ClusterAddress(ClusterStore store, string shown) => (Store, Shown) = (store, shown);

    /// <summary>Which kind.</summary>
    public ClusterStore Store { get; }

    /// <summary>The address without a secret.</summary>
    public string Shown { get; }

    /// <summary>Of a database: its address.</summary>
    public PostgresAddress? Postgres { get; private init; }

    /// <summary>Of a cluster on this machine: the first silo's port.</summary>
    public int Port { get; private init; }

    /// <summary>Reads <c>azure</c>, <c>postgres://...</c> or <c>localhost[:PORT]</c>.</summary>
    /// <exception cref="SeaException">It is none of these.</exception>
    public static ClusterAddress Parse(string text)
    {
        if (text == "azure")
        {
            return new ClusterAddress(ClusterStore.Azure, text);
        }

        if (PostgresAddress.IsOne(text))
        {
            // A ledger lies beside it in the same database, in a schema of its own.
            bool named = text.Contains("schema=", StringComparison.Ordinal);
            PostgresAddress address = PostgresAddress.Parse(named ? text : $"{text}{(text.Contains('?', StringComparison.Ordinal) ? '&' : '?')}schema=sea_orleans");
            return new ClusterAddress(ClusterStore.Postgres, address.Shown) { Postgres = address };
        }

        string[] parts = text.Split(':');
        return parts[0] == "localhost" && parts.Length <= 2 && (parts.Length == 1 || (ushort.TryParse(parts[1], out ushort port) && port > 0))
            ? new ClusterAddress(ClusterStore.Localhost, text) { Port = parts.Length == 1 ? SiloSettings.DefaultPort : int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) }
            : throw new SeaException($"--cluster: {Forms}", "azure takes the account from AZURE_STORAGE_CONNECTION_STRING; localhost is for development") { WrongUse = true };
    }
}

/// <summary>What a silo is for.</summary>
public enum SiloRole
{
    /// <summary>It has a lane and works on samples.</summary>
    Gpu,

    /// <summary>It drives runs, aligns and evaluates.</summary>
    Trainer,
}

/// <summary>How a silo is started.</summary>
public sealed record SiloSettings
{
    /// <summary>The port that silos reach each other on.</summary>
    public const int DefaultPort = 11111;

    /// <summary>The port that <c>sea run --cluster</c> reaches a silo on.</summary>
    public const int DefaultGatewayPort = 30000;

    /// <summary>The folder that holds the run folders, reached by every silo under a path of its own.</summary>
    public required string Root { get; init; }

    /// <summary>What the silo is for.</summary>
    public required SiloRole Role { get; init; }

    /// <summary>Where the cluster's own data is.</summary>
    public required ClusterAddress Cluster { get; init; }

    /// <summary>Where grains keep their state and reminders; null: where the cluster's own data is.</summary>
    public ClusterAddress? Storage { get; init; }

    /// <summary>Clusters of different names know nothing of each other.</summary>
    public string Name { get; init; } = "sea";

    /// <summary>The address that other silos reach this one at; null is this machine's.</summary>
    public string? Address { get; init; }

    /// <summary>The port for other silos.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The port for clients.</summary>
    public int GatewayPort { get; init; } = DefaultGatewayPort;

    /// <summary>How many samples may be with this silo at once, in its lane and waiting for it.</summary>
    public int Window { get; init; } = 32;

    /// <summary>Options of the spec that differ on this machine, such as <c>model.device</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Overrides { get; init; } = [];
}
