using System.Globalization;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Models.Packing;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>Settings of <see cref="DpoObjective"/>.</summary>
public sealed record DpoOptions
{
    /// <summary>β.</summary>
    public double Beta { get; init; } = 0.1;

    /// <summary>
    /// Weight of the mean negative log-likelihood of the chosen answers, added to the loss; without it a small model can lower the loss
    /// without ever saying the chosen answer.
    /// </summary>
    public double SftWeight { get; init; }

    /// <summary>What one forward and backward pass may hold.</summary>
    public PassLimit Pass { get; init; } = PassLimit.Standard;
}

/// <summary>
/// Direct preference optimisation (Rafailov et al. 2023), sigmoid loss: mean over rows of −log σ(β((log π/π₀)(chosen) − (log π/π₀)(rejected))),
/// log-probabilities summed over the answer's tokens. The reference π₀ is the model without its adapter (<see cref="DpoReference"/>). Chosen and
/// rejected share the prompt's tokens.
/// </summary>
public sealed class DpoObjective : IObjective
{
    private readonly IMultimodalModel model;
    private readonly IReadOnlyList<PreferenceRow> rows;
    private readonly MediaBank? media;
    private readonly Func<int, IReadOnlyList<int>> order;
    private readonly DpoOptions options;

    /// <param name="model">The model under training; nothing of it may have been trained yet where <paramref name="adapter"/> is null.</param>
    /// <param name="adapter">The adapter under training, which is off for the reference; null after <c>Lora = null</c>.</param>
    /// <param name="rows">Pairs.</param>
    /// <param name="media">Encoder outputs that rows name; null where none does.</param>
    /// <param name="order">Rows of a step, such as <see cref="RowOrder.Of"/>.</param>
    /// <param name="options">β and the SFT term.</param>
    /// <param name="reference">Of the same rows, model and media; computed here if null.</param>
    public DpoObjective(
        IMultimodalModel model, LoraAdapter? adapter, IReadOnlyList<PreferenceRow> rows, MediaBank? media, Func<int, IReadOnlyList<int>> order,
        DpoOptions? options = null, DpoReference? reference = null)
    {
        this.model = model;
        this.rows = rows;
        this.media = media;
        this.order = order;
        this.options = options ?? new DpoOptions();
        string settings = string.Create(CultureInfo.InvariantCulture, $"{this.options.Beta} {this.options.SftWeight}");
        Fingerprint = ObjectiveFingerprint.Of(
            "dpo", settings, rows.SelectMany(row => new[] { (row.Id, row.Medium, row.Chosen), (row.Id, row.Medium, row.Rejected) }), order);
        Reference = (reference ?? DpoReference.Of(model, adapter, rows, media, this.options.Pass)).Rows;
        if (Reference.Count != rows.Count)
        {
            throw new ArgumentException($"The reference has {Reference.Count} rows, but there are {rows.Count}.", nameof(reference));
        }
    }

    /// <summary>Log-probabilities of the rows' answers under the reference.</summary>
    public IReadOnlyList<(double Chosen, double Rejected)> Reference { get; }

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public StepLoss Backward(int step)
    {
        IReadOnlyList<int> taken = order(step);
        PreferenceRow[] chosen = [.. taken.Select(i => rows[i])];
        RowItem[] items = Items(chosen);
        int answerTokens = chosen.Sum(row => Labels(row.Chosen)), tokens = 0, labels = answerTokens + chosen.Sum(row => Labels(row.Rejected));
        double[] logps = new double[items.Length];
        double loss = 0;
        AnswerTally preferred = new(), avoided = new();
        foreach (RowBatch batch in RowBatch.Split(model, media, items, options.Pass))
        {
            using RowBatch pass = batch;
            using DisposeScope scope = NewDisposeScope();
            (Tensor nll, LabelFigures figures) = pass.AnswerFigures();
            AnswerTally.Add(figures, label => pass.ItemOfLabel[label] % 2 == 0 ? preferred : avoided);
            Sum(pass, nll.detach(), logps);
            // A row's two answers share a sequence, so here their log-probabilities are complete. The gradient of the loss with respect to
            // each label's likelihood is known in closed form, and the rest is the model's backward pass.
            float[] weights = new float[pass.ItemOfLabel.Length];
            for (int i = 0; i < weights.Length; i++)
            {
                (int row, bool rejected) = (pass.ItemOfLabel[i] / 2, pass.ItemOfLabel[i] % 2 == 1);
                double slope = options.Beta * Sigmoid(-Margin(logps, taken, row)) / chosen.Length;
                weights[i] = (float)(rejected ? -slope : slope + (options.SftWeight / answerTokens));
            }

            (nll * tensor(weights).to(model.Device)).sum().backward();
            tokens += pass.Tokens;
        }

        double[] rewardChosen = [.. taken.Select((index, row) => options.Beta * (logps[2 * row] - Reference[index].Chosen))];
        double[] rewardRejected = [.. taken.Select((index, row) => options.Beta * (logps[(2 * row) + 1] - Reference[index].Rejected))];
        double sft = -logps.Where((_, item) => item % 2 == 0).Sum() / answerTokens;
        loss += rewardChosen.Zip(rewardRejected, (a, b) => SoftPlus(b - a)).Average() + (options.SftWeight * sft);
        return new StepLoss(loss, chosen.Length, tokens, items.Sum(item => item.Prompt.Ids.Length), labels,
        [
            new("rewards/chosen", rewardChosen.Average()),
            new("rewards/rejected", rewardRejected.Average()),
            new("rewards/margins", rewardChosen.Zip(rewardRejected, (a, b) => a - b).Average()),
            new("rewards/accuracies", rewardChosen.Zip(rewardRejected, (a, b) => a > b ? 1.0 : 0.0).Average()),
            new("logps/chosen", logps.Where((_, item) => item % 2 == 0).Average()),
            new("logps/rejected", logps.Where((_, item) => item % 2 == 1).Average()),
            new("logits/chosen", preferred.MeanLogit),
            new("logits/rejected", avoided.MeanLogit),
            new("entropy", AnswerTally.Entropy(preferred, avoided)),
            new("mean_token_accuracy", preferred.Accuracy),
            new("nll_loss", sft),
        ]);
    }

    private double Margin(double[] logps, IReadOnlyList<int> taken, int row)
    {
        (double chosen, double rejected) = Reference[taken[row]];
        return options.Beta * (logps[2 * row] - chosen - (logps[(2 * row) + 1] - rejected));
    }

    internal static void Sum(RowBatch pass, Tensor nll, double[] logps)
    {
        float[] values = nll.cpu().data<float>().ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            logps[pass.ItemOfLabel[i]] -= values[i];
        }
    }

    internal static RowItem[] Items(IReadOnlyList<PreferenceRow> rows) =>
        [.. rows.SelectMany((row, i) => new[] { new RowItem(row.Chosen, row.Medium, $"{i}"), new RowItem(row.Rejected, row.Medium, $"{i}") })];

    private static int Labels(EncodedPrompt prompt) => prompt.Labels.Count(label => label >= 0);

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double SoftPlus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));
}
