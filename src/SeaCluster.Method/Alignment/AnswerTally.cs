using SeaCluster.Models.Packing;

namespace SeaCluster.Method.Alignment;

/// <summary>Sums of <see cref="LabelFigures"/> over some of a step's labels.</summary>
internal sealed class AnswerTally
{
    private double logits;
    private double entropy;
    private long correct;
    private long labels;

    /// <summary>Mean over labels of the mean logit.</summary>
    public double MeanLogit => logits / Math.Max(1, labels);

    /// <summary>Share of labels that are the most probable token.</summary>
    public double Accuracy => correct / (double)Math.Max(1, labels);

    /// <summary>Mean entropy over the labels of some tallies, in nats.</summary>
    public static double Entropy(params AnswerTally[] tallies) => tallies.Sum(tally => tally.entropy) / Math.Max(1, tallies.Sum(tally => tally.labels));

    /// <summary>Adds each label's figures to the tally that it belongs to.</summary>
    public static void Add(LabelFigures figures, Func<int, AnswerTally> of)
    {
        for (int i = 0; i < figures.Entropy.Length; i++)
        {
            AnswerTally tally = of(i);
            tally.logits += figures.MeanLogit[i];
            tally.entropy += figures.Entropy[i];
            tally.correct += figures.Correct[i] ? 1 : 0;
            tally.labels++;
        }
    }
}
