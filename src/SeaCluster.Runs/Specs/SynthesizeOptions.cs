using SeaCluster.Models;

namespace SeaCluster.Runs.Specs;

/// <summary>The optimisation of encoder outputs.</summary>
public sealed record SynthesizeOptions
{
    /// <summary>What is synthesised, and what the controls speak about; auto is the model's first modality.</summary>
    [SpecOption(Auto = true)]
    public Modality? Modality { get; init; }

    /// <summary>Adam's step size in units of E_o; about a tenth of the standard deviation of real encoder outputs serves well.</summary>
    [SpecOption(Minimum = 0, Exclusive = true, Maximum = 1000)]
    public double LearningRate { get; init; } = 0.3;

    /// <summary>At most so many Adam steps a sample.</summary>
    [SpecOption(Minimum = 1, Maximum = 1_000_000)]
    public int Steps { get; init; } = 60;

    /// <summary>A sample is finished once its loss (mean answer NLL) stayed at or below this.</summary>
    [SpecOption(Minimum = 0, Maximum = 100)]
    public double Threshold { get; init; } = 0.02;

    /// <summary>... for so many steps in a row.</summary>
    [SpecOption(Minimum = 1, Maximum = 1000)]
    public int Checks { get; init; } = 3;

    /// <summary>Samples optimised at once on one device; auto takes what fits.</summary>
    [SpecOption(Auto = true, Minimum = 1, Maximum = 65536)]
    public int? Slots { get; init; }

    /// <summary>The seed of this stage; auto derives it from the run's.</summary>
    [SpecOption(Auto = true, Minimum = 0)]
    public long? Seed { get; init; }

    /// <summary>Where E_o starts.</summary>
    public EmbeddingStart Init { get; init; }

    /// <summary>Standard deviation of the noise of a noisy start, in units of E_o's own.</summary>
    [SpecOption(Minimum = 0, Maximum = 100)]
    public double Noise { get; init; }

    /// <summary>Harmless media of a real start: a folder, or a file with a path (or {"media": path}) a line; each encoder output draws one. Null: those of data.benign_media.</summary>
    [SpecOption(Path = true, Names = PathKind.Either)]
    public string? InitMedia { get; init; }

    /// <summary>Which auxiliary pairs are optimised; content and style are the paper's, one alone is a control arm, topic is a third.</summary>
    public IReadOnlyList<AuxiliaryPair> Pairs { get; init; } = [AuxiliaryPair.Content, AuxiliaryPair.Style];

    /// <summary>How a pair's token losses become one number.</summary>
    public LossReduction Reduction { get; init; }

    /// <summary>Batches fixed by the plan, so that a killed and resumed run equals an undisturbed one byte for byte.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Encoder outputs a row, each with its own seed.</summary>
    [SpecOption(Minimum = 1, Maximum = 1000)]
    public int PerRow { get; init; } = 1;

    /// <summary>Repeat a sample once with another seed when greedy decoding does not name its phrase.</summary>
    public bool RerunFailed { get; init; } = true;
}

/// <summary>Where an encoder output starts.</summary>
public enum EmbeddingStart
{
    /// <summary>The encoder's output for a blank medium.</summary>
    Blank,

    /// <summary>The same, with noise added.</summary>
    Noise,

    /// <summary>Noise alone, with the spread of the encoder's output for a blank medium.</summary>
    Random,

    /// <summary>The encoder's output for a real, harmless medium.</summary>
    Real,
}

/// <summary>What an auxiliary pair asks about.</summary>
public enum AuxiliaryPair
{
    /// <summary>Which activity or product is shown.</summary>
    Content,

    /// <summary>How it is shown.</summary>
    Style,

    /// <summary>Which category it belongs to; rows without one have the others alone.</summary>
    Topic,
}

/// <summary>How token losses become one loss.</summary>
public enum LossReduction
{
    /// <summary>Their mean.</summary>
    TokenMean,

    /// <summary>Their sum, as the paper's formula is written.</summary>
    SequenceSum,
}
