using System.Globalization;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Runs.Stages;

/// <summary>Looks into embedding files.</summary>
internal sealed class EmbeddingResults : ISampleResults
{
    /// <inheritdoc/>
    public string? Inspect(SampleRow sample, string path)
    {
        try
        {
            using DisposeScope scope = NewDisposeScope();
            using Embedding embedding = EmbeddingFile.Read(path);
            float loss = embedding.Losses[^1];
            return embedding.Id != sample.Id ? $"is the embedding of '{embedding.Id}'"
                : (float?)sample.Loss != loss ? string.Create(CultureInfo.InvariantCulture, $"ends with the loss {loss:R}, the ledger says {sample.Loss:R}")
                : embedding.Losses.Length - 1 != sample.Steps ? $"has {embedding.Losses.Length - 1} steps, the ledger says {sample.Steps}"
                : null;
        }
        catch (SeaException error)
        {
            return error.Message;
        }
    }

    /// <inheritdoc/>
    public SampleComparison Compare(string path, string again)
    {
        using DisposeScope scope = NewDisposeScope();
        using Embedding then = EmbeddingFile.Read(path);
        using Embedding now = EmbeddingFile.Read(again);
        Tensor one = then.EncoderOutput.Values, other = now.EncoderOutput.Values;
        double difference = one.shape.SequenceEqual(other.shape) ? one.sub(other).abs().max().item<float>() : double.NaN;
        return new SampleComparison(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(again)), then.Losses[^1], now.Losses[^1], then.Losses.Length - 1, now.Losses.Length - 1, difference);
    }
}
