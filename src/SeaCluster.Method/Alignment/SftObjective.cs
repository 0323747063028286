using SeaCluster.Models;
using SeaCluster.Models.Packing;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>
/// Supervised fine-tuning on answers: loss = summed negative log-likelihood of the answers' tokens / number of these tokens in the step
/// (SEA, section 3, with E_o in the encoder's place). How the rows of a step are split into passes does not change it.
/// </summary>
public sealed class SftObjective : IObjective
{
    private readonly IMultimodalModel model;
    private readonly IReadOnlyList<AlignmentRow> rows;
    private readonly MediaBank? media;
    private readonly Func<int, IReadOnlyList<int>> order;
    private readonly PassLimit limit;

    /// <param name="model">The model under training.</param>
    /// <param name="rows">Rows of all kinds.</param>
    /// <param name="media">Encoder outputs that rows name; null where none does.</param>
    /// <param name="order">Rows of a step, such as <see cref="RowOrder.Of"/>.</param>
    /// <param name="limit">What one pass may hold; <see cref="PassLimit.Standard"/> if null.</param>
    public SftObjective(
        IMultimodalModel model, IReadOnlyList<AlignmentRow> rows, MediaBank? media, Func<int, IReadOnlyList<int>> order, PassLimit? limit = null)
    {
        this.model = model;
        this.rows = rows;
        this.media = media;
        this.order = order;
        this.limit = limit ?? PassLimit.Standard;
        Fingerprint = ObjectiveFingerprint.Of("sft", "", rows.Select(row => (row.Id, row.Medium, row.Prompt)), order);
    }

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public StepLoss Backward(int step)
    {
        AlignmentRow[] chosen = [.. order(step).Select(i => rows[i])];
        int labels = chosen.Sum(row => row.Prompt.Labels.Count(label => label >= 0)), tokens = 0;
        double loss = 0;
        AnswerTally answers = new();
        foreach (RowBatch batch in RowBatch.Split(model, media, Items(chosen), limit))
        {
            using RowBatch pass = batch;
            using DisposeScope scope = NewDisposeScope();
            (Tensor nll, LabelFigures figures) = pass.AnswerFigures();
            AnswerTally.Add(figures, _ => answers);
            Tensor mean = nll.sum() / labels;
            mean.backward();
            loss += mean.item<float>();
            tokens += pass.Tokens;
        }

        return new StepLoss(
            loss, chosen.Length, tokens, chosen.Sum(row => row.Prompt.Ids.Length), labels,
            [new("entropy", AnswerTally.Entropy(answers)), new("mean_token_accuracy", answers.Accuracy)]);
    }

    /// <summary>Mean negative log-likelihood of each row's answer, without a gradient.</summary>
    public double[] RowLosses()
    {
        double[] sums = new double[rows.Count];
        int[] counts = new int[rows.Count];
        using IDisposable frozen = no_grad();
        foreach (RowBatch batch in RowBatch.Split(model, media, Items(rows), limit))
        {
            using RowBatch pass = batch;
            using DisposeScope scope = NewDisposeScope();
            float[] nll = pass.AnswerNll().cpu().data<float>().ToArray();
            for (int i = 0; i < nll.Length; i++)
            {
                sums[pass.ItemOfLabel[i]] += nll[i];
                counts[pass.ItemOfLabel[i]]++;
            }
        }

        return [.. sums.Zip(counts, (sum, count) => sum / count)];
    }

    private static RowItem[] Items(IEnumerable<AlignmentRow> rows) => [.. rows.Select(row => new RowItem(row.Prompt, row.Medium))];
}
