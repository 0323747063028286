namespace SeaCluster.Tests;

/// <summary>
/// Tests that count the live tensors of the process run one at a time, after all others: <c>[Collection(TensorCounts.Alone)]</c>.
/// </summary>
[CollectionDefinition(Alone, DisableParallelization = true)]
public sealed class TensorCounts
{
    /// <summary>Name of the collection.</summary>
    public const string Alone = "Counts live tensors";
}
