using System.Text.Json.Serialization;
using SeaCluster.Models;

namespace SeaCluster.Method.Synthesis;

/// <summary>Where the optimisation of an encoder output starts.</summary>
public enum EmbeddingInit
{
    /// <summary>The encoder's output for a blank picture, a blank video or silence (the paper's choice).</summary>
    Blank,

    /// <summary>The same with Gaussian noise added, <see cref="SynthesisOptions.Noise"/> times its own standard deviation.</summary>
    Noise,

    /// <summary>Gaussian noise alone, with the standard deviation of the blank medium's output.</summary>
    Random,

    /// <summary>The encoder's output for a real, harmless medium, drawn from <see cref="SynthesisOptions.InitMedia"/>; its tokens and layout are the medium's.</summary>
    Real,
}

/// <summary>How the losses of an answer's tokens become one.</summary>
public enum TokenReduction
{
    /// <summary>Their mean, as frameworks do.</summary>
    Mean,

    /// <summary>Their sum, as the paper's formula log p(y|x) is written.</summary>
    Sum,
}

/// <summary>The auxiliary pairs that E_o is optimised on.</summary>
[Flags]
public enum AuxiliaryPairs
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Which activity or product is shown.</summary>
    Content = 1,

    /// <summary>How it is shown.</summary>
    Style = 2,

    /// <summary>Both, as the paper does; one alone is a control.</summary>
    Both = Content | Style,

    /// <summary>Which category it belongs to, for rows that have one (not in the paper).</summary>
    Topic = 4,
}

/// <summary>How synthetic encoder outputs are optimised. The defaults are this project's; the paper's own settings are not public.</summary>
public sealed record SynthesisOptions
{
    /// <summary>
    /// Step size of Adam. Null: a tenth of the standard deviation of the blank medium's encoder output, the scale that worked in all
    /// three modalities of the small world.
    /// </summary>
    public double? LearningRate { get; init; }

    /// <summary>Most steps of a sample.</summary>
    public int Steps { get; init; } = 30;

    /// <summary>A sample is finished when its loss is at or below this for <see cref="Checks"/> steps in a row; 0 never stops early.</summary>
    public double Threshold { get; init; }

    /// <summary>How many steps in a row the loss has to be at or below the threshold.</summary>
    public int Checks { get; init; } = 2;

    /// <summary>Samples optimised side by side; 0 lets the plan choose.</summary>
    public int Slots { get; init; }

    /// <summary>What is synthesised; null: the model's first modality.</summary>
    public Modality? Modality { get; init; }

    /// <summary>Start of the optimisation.</summary>
    public EmbeddingInit Init { get; init; }

    /// <summary>Media of a real start; null otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StartMedia? InitMedia { get; init; }

    /// <summary>Standard deviation of a noisy start, in units of the blank output's own.</summary>
    public double Noise { get; init; }

    /// <summary>Which pairs of a row are used.</summary>
    public AuxiliaryPairs Pairs { get; init; } = AuxiliaryPairs.Both;

    /// <summary>How a pair's token losses become one number.</summary>
    public TokenReduction Reduction { get; init; }

    /// <summary>Seed of everything drawn; a sample's draws depend on it, on the sample's id and on the attempt alone.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// Samples are optimised in fixed groups instead of refilling free slots, so that every batch, and with it every rounding, follows from
    /// the plan: a run that was interrupted ends with the same bytes as an undisturbed one.
    /// </summary>
    public bool Deterministic { get; init; }

    /// <summary>Optimise once more, from another start, where the model does not perceive the phrase.</summary>
    public bool RerunUnperceived { get; init; } = true;

    /// <summary>Exponential decay of Adam's first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Exponential decay of Adam's second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Adam's term against division by zero.</summary>
    public double Epsilon { get; init; } = 1e-8;
}
