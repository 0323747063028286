using Orleans;

namespace SeaCluster.Orleans.Contracts;

/// <summary>A run, as every silo finds it.</summary>
[GenerateSerializer, Immutable, Alias("sea.RunReference")]
public sealed record RunReference
{
    /// <summary>Its folder's name below the folder of runs, which every silo reaches under a path of its own.</summary>
    [Id(0)]
    public required string Folder { get; init; }

    /// <summary>Its id in the ledger.</summary>
    [Id(1)]
    public required string Run { get; init; }
}
