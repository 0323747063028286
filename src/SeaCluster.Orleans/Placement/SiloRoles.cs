namespace SeaCluster.Orleans.Placement;

/// <summary>What a silo is for. A silo has one role for its life.</summary>
internal static class SiloRoles
{
    /// <summary>It has a lane and holds sample grains.</summary>
    public const string Gpu = "gpu";

    /// <summary>It drives runs: dataset grains and trainer grains.</summary>
    public const string Trainer = "trainer";
}
