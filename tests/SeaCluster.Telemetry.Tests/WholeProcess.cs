namespace SeaCluster.Telemetry.Tests;

/// <summary>Tests that read every instrument of the process, or its allocations, run one at a time.</summary>
[CollectionDefinition(Collection, DisableParallelization = true)]
public sealed class WholeProcess
{
    public const string Collection = "The whole process";
}
