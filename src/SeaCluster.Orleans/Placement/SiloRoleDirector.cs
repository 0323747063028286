using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace SeaCluster.Orleans.Placement;

/// <summary>Chooses among the silos of a role: for a sample the one with the most room, for a trainer always the same one while it lives.</summary>
internal sealed class SiloRoleDirector(SiloDirectory directory, LaneLoad load) : IPlacementFilterDirector
{
    /// <inheritdoc/>
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        string role = ((SiloRoleFilter)filterStrategy).Role;
        SiloAddress[] fit = [.. silos.Where(silo => directory.RoleOf(silo) == role)];
        return fit.Length == 0 ? []
            : role == SiloRoles.Gpu ? [load.Place(target.GrainIdentity, fit)]
            : [fit.Min()!];
    }
}
