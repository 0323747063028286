using System.Globalization;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using SeaCluster.Orleans.Hosting;

namespace SeaCluster.Orleans.Placement;

/// <summary>What the silos of the cluster are for.</summary>
internal sealed class SiloDirectory(ISiloStatusOracle silos, ISiloMetadataCache metadata)
{
    /// <summary>A silo's role; null where it is not known yet.</summary>
    public string? RoleOf(SiloAddress silo) => metadata.GetSiloMetadata(silo)?.Metadata.GetValueOrDefault(ProviderNames.RoleKey);

    /// <summary>The silos that work on samples now.</summary>
    public IReadOnlyList<SiloAddress> Gpus() => [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Where(silo => RoleOf(silo) == SiloRoles.Gpu)];

    /// <summary>How many samples may be with a silo at once.</summary>
    public int WindowOf(SiloAddress silo) =>
        int.TryParse(metadata.GetSiloMetadata(silo)?.Metadata.GetValueOrDefault(ProviderNames.WindowKey), NumberStyles.None, CultureInfo.InvariantCulture, out int window) ? window : 1;
}
