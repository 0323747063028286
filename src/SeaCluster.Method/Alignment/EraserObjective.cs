using System.Globalization;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>Settings of <see cref="EraserObjective"/>.</summary>
public sealed record EraserOptions
{
    /// <summary>γ: the harmful answer's mean negative log-likelihood beyond which nothing is unlearned any more.</summary>
    public double Gamma { get; init; } = 1.8;

    /// <summary>What divergences are averaged over: positions of rows, or with <see cref="EraserMode.Faithful"/> those of rows padded on the left to one length.</summary>
    public EraserMode Mode { get; init; }

    /// <summary>Most random pieces in front of a harmful question, redrawn at every use; 0 with <see cref="NoiseAfter"/> 0 leaves questions as they are.</summary>
    public int NoiseBefore { get; init; } = 50;

    /// <summary>Most random pieces behind a harmful question.</summary>
    public int NoiseAfter { get; init; } = 20;

    /// <summary>Rows of each kind a step, where no order is given.</summary>
    public int Rows { get; init; } = 4;

    /// <summary>What one pass over harmful rows may hold; the rows whose divergence is measured stand alone in any case.</summary>
    public PassLimit Pass { get; init; } = new(int.MaxValue);

    /// <summary>Seed of the random tokens.</summary>
    public long Seed { get; init; }
}

/// <summary>The rows of one step of <see cref="EraserObjective"/>: indices into its pools.</summary>
/// <param name="Harm">Harmful prompts with harmful answers.</param>
/// <param name="Help">General prompts.</param>
/// <param name="Refusals">Harmful prompts with refusals.</param>
public readonly record struct EraserStep(IReadOnlyList<int> Harm, IReadOnlyList<int> Help, IReadOnlyList<int> Refusals);

/// <summary>
/// Eraser (Lu et al. 2024): unlearn harmful answers, keep general ones and keep refusals. Loss =
/// max(0, γ − CE(harmful answer | T(x))) + KL(reference ‖ model) on helpful rows + the same on refusals; T puts random texts around the question, CE is averaged
/// over the answers' tokens, KL over all positions, prompts included; the reference is the model without its adapter.
/// </summary>
public sealed class EraserObjective : IObjective
{
    // Of the authors' collator and tokenizer.
    private const int PadTo = 8;
    private const int PadToken = 0;

    private readonly IMultimodalModel model;
    private readonly LoraAdapter adapter;
    private readonly IReadOnlyList<HarmRow> harm;
    private readonly IReadOnlyList<AlignmentRow> help;
    private readonly IReadOnlyList<AlignmentRow> refusals;
    private readonly MediaBank? media;
    private readonly EraserOptions options;
    private readonly Func<int, EraserStep> order;
    private readonly RandomText? noise;

    /// <param name="model">The model under training.</param>
    /// <param name="adapter">The adapter under training, off for the reference.</param>
    /// <param name="harm">Harmful questions with harmful answers.</param>
    /// <param name="help">General prompts with answers, the model's own in the paper.</param>
    /// <param name="refusals">Harmful prompts with refusals.</param>
    /// <param name="media">Encoder outputs that rows name; null where none does.</param>
    /// <param name="options">γ, noise and rows a step.</param>
    /// <param name="order">Rows of a step; as in the paper if null: row i of an epoch of each pool together, cyclically.</param>
    /// <exception cref="SeaException">One of the three pools is empty.</exception>
    public EraserObjective(
        IMultimodalModel model, LoraAdapter adapter, IReadOnlyList<HarmRow> harm, IReadOnlyList<AlignmentRow> help, IReadOnlyList<AlignmentRow> refusals,
        MediaBank? media = null, EraserOptions? options = null, Func<int, EraserStep>? order = null)
    {
        this.model = model;
        this.adapter = adapter;
        this.harm = harm;
        this.help = help;
        this.refusals = refusals;
        this.media = media;
        this.options = options ?? new EraserOptions();
        this.order = order ?? Together;
        foreach ((string name, int count) in new[] { ("harmful", harm.Count), ("helpful", help.Count), ("refusal", refusals.Count) })
        {
            if (count == 0)
            {
                throw new SeaException($"Eraser needs harmful, helpful and refusal rows; there are no {name} rows.");
            }
        }

        noise = this.options.NoiseBefore + this.options.NoiseAfter > 0 ? new RandomText(model.Tokenizer) : null;
        string settings = string.Create(
            CultureInfo.InvariantCulture, $"{this.options.Mode} {this.options.Gamma} {this.options.NoiseBefore} {this.options.NoiseAfter} {this.options.Rows} {this.options.Seed}");
        Fingerprint = ObjectiveFingerprint.Of("eraser", settings, [.. harm.Select(row => (row.Id, row.Medium, row.Render("", ""))), .. help.Concat(refusals).Select(row => (row.Id, row.Medium, row.Prompt))], step =>
        {
            EraserStep rows = this.order(step);
            return [.. rows.Harm, .. rows.Help, .. rows.Refusals];
        });
    }

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public StepLoss Backward(int step)
    {
        EraserStep rows = order(step);
        RowItem[] noised = [.. rows.Harm.Select((row, i) => Wrapped(harm[row], step, i))];
        (double nll, double unlearn, int tokens, int labels) = Unlearn(noised);
        (double retain, int helpTokens) = Divergence([.. rows.Help.Select(row => help[row])]);
        (double maintain, int refusalTokens) = Divergence([.. rows.Refusals.Select(row => refusals[row])]);
        return new StepLoss(unlearn + retain + maintain, rows.Harm.Count + rows.Help.Count + rows.Refusals.Count, tokens + helpTokens + refusalTokens,
            noised.Sum(item => item.Prompt.Ids.Length) + rows.Help.Sum(row => help[row].Prompt.Ids.Length) + rows.Refusals.Sum(row => refusals[row].Prompt.Ids.Length), labels,
            [new("harm_nll", nll), new("unlearn", unlearn), new("retain", retain), new("maintain", maintain)]);
    }

    private EraserStep Together(int step)
    {
        int[] rows = [.. Enumerable.Range(0, options.Rows).Select(i => (step * options.Rows) + i)];
        return new EraserStep([.. rows.Select(row => row % harm.Count)], [.. rows.Select(row => row % help.Count)], [.. rows.Select(row => row % refusals.Count)]);
    }

    private (double Nll, double Loss, int Tokens, int Labels) Unlearn(RowItem[] items)
    {
        using DisposeScope scope = NewDisposeScope();
        RowBatch[] passes = [.. RowBatch.Split(model, media, items, options.Pass)];
        try
        {
            // The hinge is over the mean of the whole step: several passes are asked for it first, and only then gone through with a gradient.
            int labels = passes.Sum(pass => pass.ItemOfLabel.Length);
            double nll;
            if (passes.Length == 1)
            {
                Tensor mean = passes[0].AnswerNll().mean();
                nll = mean.item<float>();
                if (nll < options.Gamma)
                {
                    mean.neg().backward();
                }
            }
            else
            {
                using (no_grad())
                {
                    nll = passes.Sum(Summed) / labels;
                }

                foreach (RowBatch pass in nll < options.Gamma ? passes : [])
                {
                    using DisposeScope one = NewDisposeScope();
                    (pass.AnswerNll().sum() / -labels).backward();
                }
            }

            return (nll, Math.Max(0, options.Gamma - nll), passes.Sum(pass => pass.Tokens), labels);
        }
        finally
        {
            Array.ForEach(passes, pass => pass.Dispose());
        }
    }

    private static double Summed(RowBatch pass)
    {
        using DisposeScope scope = NewDisposeScope();
        return pass.AnswerNll().sum().item<float>();
    }

    private (double Loss, int Tokens) Divergence(IReadOnlyList<AlignmentRow> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        // Without labels a sequence keeps all its positions; every row stands alone, so that none is counted for two.
        RowItem[] items = [.. rows.Select(row => new RowItem(row.Prompt with { Labels = [.. row.Prompt.Labels.Select(_ => EncodedPrompt.NoLabel)] }, row.Medium))];
        (int tokens, double loss) = (0, 0);
        int width = Padded(items), positions = options.Mode == EraserMode.Faithful ? width * items.Length : items.Sum(item => item.Prompt.Ids.Length);
        foreach (RowItem item in items)
        {
            Add(item, null);
        }

        if (Padding(items, width) is { Length: > 0 } padding)
        {
            // Left padding sees the padding in front of it: one run of it has the positions of every row's, each as often as rows are so short.
            Add(new RowItem(PaddingOf(padding.Length), null), padding);
        }

        return (loss, tokens);

        void Add(RowItem item, float[]? weights)
        {
            using DisposeScope inner = NewDisposeScope();
            using RowBatch pass = RowBatch.Split(model, media, [item], new PassLimit(int.MaxValue)).Single();
            Tensor reference;
            using (adapter.Disabled())
            using (no_grad())
            {
                reference = nn.functional.log_softmax(pass.Logits().to(ScalarType.Float32), -1);
            }

            Tensor student = nn.functional.log_softmax(pass.Logits().to(ScalarType.Float32), -1);
            Tensor each = (reference.exp() * (reference - student)).sum(-1);
            Tensor divergence = (weights is null ? each : each * tensor(weights).to(model.Device)).sum() / positions;
            divergence.backward();
            loss += divergence.item<float>();
            tokens += pass.Tokens;
        }
    }

    // The length that the authors' collator pads rows to.
    private static int Padded(RowItem[] items) => (items.Max(item => item.Prompt.Ids.Length) + PadTo - 1) / PadTo * PadTo;

    // For each position of the longest row's padding, in how many rows it is padding too.
    private float[] Padding(RowItem[] items, int width) => options.Mode == EraserMode.Clean ? [] :
        [.. Enumerable.Range(0, width - items.Min(item => item.Prompt.Ids.Length)).Select(position => (float)items.Count(item => width - item.Prompt.Ids.Length > position))];

    private static EncodedPrompt PaddingOf(int length) => new()
    {
        Text = "",
        Ids = [.. Enumerable.Repeat(PadToken, length)],
        Labels = [.. Enumerable.Repeat(EncodedPrompt.NoLabel, length)],
        MediaSpans = [],
        PromptLength = length,
    };

    private RowItem Wrapped(HarmRow row, int step, int index)
    {
        if (noise is null)
        {
            return new RowItem(row.Render("", ""), row.Medium);
        }

        SampleRandom random = new(options.Seed, $"noise/{step}/{index}");
        string before = noise.Draw(random, random.Below(options.NoiseBefore + 1)), after = noise.Draw(random, random.Below(options.NoiseAfter + 1));
        return new RowItem(row.Render(before, after), row.Medium);
    }
}
