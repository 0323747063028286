using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Coordination;

/// <summary>Looks into the files that are samples' results.</summary>
public interface ISampleResults
{
    /// <summary>What is wrong with a done sample's file: not this sample's, not what the ledger says of it. Null where nothing is.</summary>
    string? Inspect(SampleRow sample, string path);

    /// <summary>Compares a file with the one that the same sample gives when it is computed again.</summary>
    SampleComparison Compare(string path, string again);
}

/// <summary>A result beside the same one computed again.</summary>
/// <param name="SameBytes">Whether all bytes are equal.</param>
/// <param name="Loss">The recorded last loss.</param>
/// <param name="LossAgain">The last loss now.</param>
/// <param name="Steps">The recorded steps.</param>
/// <param name="StepsAgain">The steps now.</param>
/// <param name="LargestDifference">The largest absolute difference between two values of the encoder outputs; NaN where their shapes differ.</param>
public sealed record SampleComparison(bool SameBytes, double Loss, double LossAgain, int Steps, int StepsAgain, double LargestDifference);
