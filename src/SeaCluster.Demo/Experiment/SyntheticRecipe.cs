using SeaCluster.Method.Synthesis;

namespace SeaCluster.Demo.Experiment;

/// <summary>One way of making synthetic media: the paper's, one beside it, or the paper's with one thing changed.</summary>
/// <param name="Name">The arm's name in tables.</param>
public sealed record SyntheticRecipe(string Name)
{
    /// <summary>What E_o is optimised on.</summary>
    public AuxiliaryPairs Pairs { get; init; } = AuxiliaryPairs.Both;

    /// <summary>Where it starts.</summary>
    public EmbeddingInit Init { get; init; } = EmbeddingInit.Blank;

    /// <summary>Share of the modality's steps.</summary>
    public double StepShare { get; init; } = 1;

    /// <summary>Share of the modality's step size.</summary>
    public double RateShare { get; init; } = 1;

    /// <summary>Share of the rows of each phrase.</summary>
    public double RowShare { get; init; } = 1;

    /// <summary>Loss at which a sample is finished; 0 takes all steps.</summary>
    public double Threshold { get; init; }

    /// <summary>Whether real benign media stand beside the synthetic ones in alignment.</summary>
    public bool RealBenign { get; init; } = true;

    /// <summary>The paper's: from a blank medium, on content and style.</summary>
    public static SyntheticRecipe Sea { get; } = new("sea");

    /// <summary>From a real, harmless medium, on content, style and topic.</summary>
    public static SyntheticRecipe SeaPlus { get; } = new("sea+") { Init = EmbeddingInit.Real, Pairs = AuxiliaryPairs.Both | AuxiliaryPairs.Topic };

    /// <summary>The paper's and <see cref="SeaPlus"/> with one thing changed each.</summary>
    public static IReadOnlyList<SyntheticRecipe> Ablations { get; } =
    [
        Sea with { Name = "sea, content only", Pairs = AuxiliaryPairs.Content },
        Sea with { Name = "sea, style only", Pairs = AuxiliaryPairs.Style },
        Sea with { Name = "sea, 1/6 of the steps", StepShare = 1 / 6.0 },
        Sea with { Name = "sea, step size x 1/3", RateShare = 1 / 3.0 },
        Sea with { Name = "sea, step size x 3", RateShare = 3 },
        Sea with { Name = "sea, from noise alone", Init = EmbeddingInit.Random },
        Sea with { Name = "sea, from blank + noise", Init = EmbeddingInit.Noise },
        Sea with { Name = "sea, stopped early", Threshold = 0.01 },
        Sea with { Name = "sea, half of the rows", RowShare = 0.5 },
        Sea with { Name = "sea, with the topic", Pairs = SeaPlus.Pairs },
        SeaPlus with { Name = "sea+, without the topic", Pairs = AuxiliaryPairs.Both },
        SeaPlus with { Name = "sea+, half of the rows", RowShare = 0.5 },
        SeaPlus with { Name = "sea+, no real benign media", RealBenign = false },
    ];

    /// <summary>Folder of its embeddings.</summary>
    public string Folder => string.Concat(Name.Select(c => c == '+' ? "-plus" : char.IsAsciiLetterOrDigit(c) ? c.ToString() : "-")).Replace("--", "-", StringComparison.Ordinal);

    /// <summary>The method's options in one modality.</summary>
    /// <param name="recipe">Steps and step size.</param>
    /// <param name="harmless">Media to start from, where it does.</param>
    public SynthesisOptions Options(DemoRecipe recipe, StartMedia harmless) => new()
    {
        LearningRate = recipe.SynthesisLearningRate * RateShare,
        Steps = Math.Max(1, (int)Math.Round(recipe.SynthesisSteps * StepShare)),
        Modality = recipe.Modality,
        Init = Init,
        InitMedia = Init == EmbeddingInit.Real ? harmless : null,
        Noise = Init == EmbeddingInit.Noise ? 1 : 0,
        Threshold = Threshold,
        Pairs = Pairs,
        Seed = 0,
    };
}
