using SeaCluster.Method.Alignment;

namespace SeaCluster.Runs.Specs;

/// <summary>The training of the adapter.</summary>
public sealed record AlignOptions
{
    /// <summary>The objective.</summary>
    public AlignmentMethod Method { get; init; }

    /// <summary>What is trained.</summary>
    public AdapterKind Adapter { get; init; }

    /// <summary>What stands at the medium's place in harmful rows: the synthetic outputs, or one of the baselines.</summary>
    public AlignmentMedia Media { get; init; }

    /// <summary>LoRA rank.</summary>
    [SpecOption(Minimum = 1, Maximum = 4096)]
    public int Rank { get; init; } = 16;

    /// <summary>LoRA scale is alpha / rank.</summary>
    [SpecOption(Minimum = 0, Exclusive = true, Maximum = 65536)]
    public double Alpha { get; init; } = 32;

    /// <summary>The projections of the language model that get an adapter.</summary>
    public IReadOnlyList<string> Targets { get; init; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>AdamW's peak step size.</summary>
    [SpecOption(Minimum = 0, Exclusive = true, Maximum = 1)]
    public double LearningRate { get; init; } = 2e-4;

    /// <summary>Optimiser steps.</summary>
    [SpecOption(Minimum = 1, Maximum = 10_000_000)]
    public int Steps { get; init; } = 100;

    /// <summary>Steps over which the learning rate rises from zero; auto is a tenth of the steps.</summary>
    [SpecOption(Auto = true, Minimum = 0, Maximum = 10_000_000)]
    public int? Warmup { get; init; }

    /// <summary>The learning rate's course after the warm-up.</summary>
    public LearningRateSchedule Schedule { get; init; }

    /// <summary>The last step's learning rate as a share of the peak.</summary>
    [SpecOption(Minimum = 0, Maximum = 1)]
    public double FinalLearningRate { get; init; } = 0.1;

    /// <summary>Rows of each kind in one optimiser step.</summary>
    public MixOptions Mix { get; init; } = new();

    /// <summary>Rows in one forward pass; auto fills passes of 16384 tokens. Changes memory and time, not the losses.</summary>
    [SpecOption(Auto = true, Operational = true, Minimum = 1, Maximum = 65536)]
    public int? MicroBatch { get; init; }

    /// <summary>AdamW's decoupled weight decay.</summary>
    [SpecOption(Minimum = 0, Maximum = 1)]
    public double WeightDecay { get; init; }

    /// <summary>Gradients are scaled down to this norm.</summary>
    [SpecOption(Minimum = 0, Exclusive = true, Maximum = 1e6)]
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>DPO's beta.</summary>
    [SpecOption(Minimum = 0, Exclusive = true, Maximum = 100)]
    public double Beta { get; init; } = 0.1;

    /// <summary>Weight of the SFT term on the chosen answer in DPO.</summary>
    [SpecOption(Minimum = 0, Maximum = 100)]
    public double SftWeight { get; init; }

    /// <summary>Eraser's hinge: harmful answers are unlearned up to this mean NLL.</summary>
    [SpecOption(Minimum = 0, Maximum = 100)]
    public double Gamma { get; init; } = 1.8;

    /// <summary>Eraser's rows.</summary>
    public EraserSpec Eraser { get; init; } = new();

    /// <summary>The seed of this stage; auto derives it from the run's.</summary>
    [SpecOption(Auto = true, Minimum = 0)]
    public long? Seed { get; init; }

    /// <summary>Steps between checkpoints; a killed run repeats at most so many.</summary>
    [SpecOption(Operational = true, Minimum = 1, Maximum = 10_000_000)]
    public int CheckpointEvery { get; init; } = 25;
}

/// <summary>How Eraser's rows become tokens.</summary>
public sealed record EraserSpec
{
    /// <summary>clean tokenizes a row as every other method does; faithful as the authors' code does, its padding included.</summary>
    public EraserMode Mode { get; init; }

    /// <summary>The chats that each row is put in: own, plain, llama2; empty is [own] in clean and [plain, llama2] in faithful mode.</summary>
    public IReadOnlyList<EraserTemplate> Templates { get; init; } = [];

    /// <summary>Rows of each pool in one optimiser step.</summary>
    [SpecOption(Minimum = 1, Maximum = 4096)]
    public int Rows { get; init; } = 4;

    /// <summary>Tokens that a row is cut to.</summary>
    [SpecOption(Minimum = 16, Maximum = 1_000_000)]
    public int MaxLength { get; init; } = 1536;

    /// <summary>Most random pieces in front of a harmful question, redrawn at every use.</summary>
    [SpecOption(Minimum = 0, Maximum = 1000)]
    public int WrapBefore { get; init; } = 50;

    /// <summary>Most random pieces behind it.</summary>
    [SpecOption(Minimum = 0, Maximum = 1000)]
    public int WrapAfter { get; init; } = 20;
}

/// <summary>Rows of each kind in one optimiser step.</summary>
public sealed record MixOptions
{
    /// <summary>Harmful instructions as text.</summary>
    [SpecOption(Minimum = 0, Maximum = 4096)]
    public int HarmfulText { get; init; } = 8;

    /// <summary>Harmless instructions as text.</summary>
    [SpecOption(Minimum = 0, Maximum = 4096)]
    public int BenignText { get; init; } = 8;

    /// <summary>Detoxified instructions with an encoder output; 0 is the text-only baseline.</summary>
    [SpecOption(Minimum = 0, Maximum = 4096)]
    public int HarmfulMedia { get; init; } = 12;

    /// <summary>Harmless instructions with an encoder output or a real medium.</summary>
    [SpecOption(Minimum = 0, Maximum = 4096)]
    public int BenignMedia { get; init; } = 12;

    /// <summary>
    /// Share of the benign media rows that have a real medium, in whole rows; auto is one half where there are synthetic and real ones, else whatever there is.
    /// </summary>
    [SpecOption(Auto = true, Minimum = 0, Maximum = 1)]
    public double? RealShare { get; init; }

    /// <summary>Content questions on the same encoder outputs, which keep the model's perception.</summary>
    [SpecOption(Minimum = 0, Maximum = 4096)]
    public int Retention { get; init; } = 8;

    /// <summary>The benign media rows of a step with a synthetic (or blank) and with a real medium.</summary>
    /// <param name="synthetic">Whether there are harmless rows to give a synthetic medium to.</param>
    /// <param name="real">Whether there are harmless rows with real media.</param>
    public (int Synthetic, int Real) BenignMediaRows(bool synthetic, bool real)
    {
        double share = RealShare ?? (real ? synthetic ? 0.5 : 1 : 0);
        int rows = (int)Math.Round(BenignMedia * share, MidpointRounding.AwayFromZero);
        return (BenignMedia - rows, rows);
    }
}

/// <summary>The training objective.</summary>
public enum AlignmentMethod
{
    /// <summary>Supervised fine-tuning on the wanted answers.</summary>
    Sft,

    /// <summary>Direct preference optimisation, wanted over unwanted answers.</summary>
    Dpo,

    /// <summary>Unlearning with retention (Eraser).</summary>
    Eraser,
}

/// <summary>What is trained.</summary>
public enum AdapterKind
{
    /// <summary>Low-rank adapters.</summary>
    Lora,

    /// <summary>All weights of the language model.</summary>
    Full,
}

/// <summary>What stands at the medium's place in harmful rows.</summary>
public enum AlignmentMedia
{
    /// <summary>The encoder outputs of this run.</summary>
    Synthetic,

    /// <summary>The blank medium's encoder output: the control that asks whether optimising is what helps.</summary>
    Blank,

    /// <summary>Real media from <c>data.harmful_media</c>.</summary>
    Real,
}
