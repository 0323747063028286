namespace SeaCluster.Models.Adapters;

/// <summary>Shape of a LoRA adapter (Hu et al. 2021) of the language model.</summary>
public sealed record LoraConfig
{
    /// <summary>Rank r of each update B A.</summary>
    public int Rank { get; init; } = 16;

    /// <summary>The update is scaled by alpha / r, or by alpha / √r with <see cref="RankStabilised"/>.</summary>
    public double Alpha { get; init; } = 32;

    /// <summary>Rank-stabilised scaling (Kalajdzievski 2023).</summary>
    public bool RankStabilised { get; init; }

    /// <summary>The layers that get an update.</summary>
    public LoraTargets Targets { get; init; } = LoraTargets.All;

    /// <summary>What B A is multiplied with.</summary>
    public double Scale => RankStabilised ? Alpha / Math.Sqrt(Rank) : Alpha / Rank;
}
