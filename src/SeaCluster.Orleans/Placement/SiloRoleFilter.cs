using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime;

namespace SeaCluster.Orleans.Placement;

/// <summary>Only silos of a role may hold the grain.</summary>
/// <param name="role">The role, as the silo's metadata has it.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OnSilosOfRoleAttribute(string role) : PlacementFilterAttribute(new SiloRoleFilter(role))
{
    /// <summary>The role.</summary>
    public string Role => role;
}

/// <summary>The filter behind <see cref="OnSilosOfRoleAttribute"/>; every silo makes its own from the grain type's properties.</summary>
internal sealed class SiloRoleFilter : PlacementFilterStrategy
{
    private const string Property = "role";

    public SiloRoleFilter()
        : this("")
    {
    }

    public SiloRoleFilter(string role)
        : base(order: 0) => Role = role;

    /// <summary>The role that a silo must have.</summary>
    public string Role { get; private set; }

    public override void AdditionalInitialize(GrainProperties properties) =>
        Role = GetPlacementFilterGrainProperty(Property, properties) ?? throw new InvalidOperationException("a grain that is placed by role names none");

    protected override IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) => [new(Property, Role)];
}
