using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Models.Packing;

/// <summary>Figures of the distributions that predict a batch's labels, one of each a label, without a gradient.</summary>
/// <param name="MeanLogit">Mean of the logits over the vocabulary.</param>
/// <param name="Entropy">Entropy, in nats.</param>
/// <param name="Correct">Whether the most probable token is the label.</param>
public sealed record LabelFigures(float[] MeanLogit, float[] Entropy, bool[] Correct)
{
    // The logits are there anyway; beside them stands a copy of a few rows at a time.
    private const long Elements = 1L << 22;

    /// <summary>The figures of logits [labels, vocabulary] for targets [labels].</summary>
    public static LabelFigures Of(Tensor logits, Tensor targets)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor plain = logits.detach();
        (long labels, long rows) = (plain.shape[0], Math.Max(1, Elements / plain.shape[1]));
        List<Tensor> means = [], entropies = [], correct = [];
        for (long start = 0; start < labels; start += rows)
        {
            using DisposeScope inner = NewDisposeScope();
            long count = Math.Min(rows, labels - start);
            Tensor some = plain.narrow(0, start, count), log = some.to(ScalarType.Float32).log_softmax(-1);
            means.Add(some.to(ScalarType.Float32).mean([-1]).MoveToOuterDisposeScope());
            entropies.Add((log.exp() * log).sum(-1).neg().MoveToOuterDisposeScope());
            correct.Add(log.argmax(-1).eq(targets.narrow(0, start, count)).MoveToOuterDisposeScope());
        }

        return labels == 0 ? new([], [], []) : new LabelFigures(
            cat(means, 0).cpu().data<float>().ToArray(), cat(entropies, 0).cpu().data<float>().ToArray(), cat(correct, 0).cpu().data<bool>().ToArray());
    }
}
