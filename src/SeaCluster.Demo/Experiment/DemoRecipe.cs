using SeaCluster.Method.Alignment;
using SeaCluster.Models;

namespace SeaCluster.Demo.Experiment;

/// <summary>How one modality is run. What differs between modalities was chosen on validation media.</summary>
/// <param name="Modality">The modality.</param>
/// <param name="Base">The base checkpoint.</param>
public sealed record DemoRecipe(Modality Modality, string Base)
{
    /// <summary>Training steps of an arm.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>Steps after which an arm is looked at on validation media; its operating point is chosen among them.</summary>
    public IReadOnlyList<int> LookAt { get; init; } = [80, 90, 100];

    /// <summary>Step size of the alignment.</summary>
    public double LearningRate { get; init; } = 7e-4;

    /// <summary>Rows of each kind a step where an arm has media; one without has the text rows alone.</summary>
    public RowMix Mix { get; init; } = new() { HarmfulText = 8, BenignText = 12, HarmfulMedia = 12, BenignMedia = 13, Retention = 4 };

    /// <summary>The same where synthetic media start from real, harmless ones: more benign rows keep such media from being refused as such.</summary>
    public RowMix MixOfRealStarts { get; init; } = new() { HarmfulText = 8, BenignText = 12, HarmfulMedia = 10, BenignMedia = 16, Retention = 4 };

    /// <summary>Step size of the synthesis.</summary>
    public double SynthesisLearningRate { get; init; } = 0.3;

    /// <summary>Steps of the synthesis.</summary>
    public int SynthesisSteps { get; init; } = 20;

    /// <summary>Media of a harmful phrase in test; a benign one has half as many.</summary>
    public int MediaPerPhrase { get; init; } = 12;

    /// <summary>The recipe of a modality.</summary>
    public static DemoRecipe For(Modality modality, string checkpoint) => modality switch
    {
        Modality.Audio => new(modality, checkpoint)
        {
            Steps = 70,
            LookAt = [40, 50, 60, 70],
            Mix = new RowMix { HarmfulText = 8, BenignText = 12, HarmfulMedia = 8, BenignMedia = 12, Retention = 4 },
            MixOfRealStarts = new RowMix { HarmfulText = 8, BenignText = 12, HarmfulMedia = 8, BenignMedia = 18, Retention = 4 },
            SynthesisLearningRate = 0.1,
            SynthesisSteps = 30,
        },
        Modality.Video => new(modality, checkpoint)
        {
            Steps = 80,
            LookAt = [50, 60, 70, 80],
            LearningRate = 1e-3,
            Mix = new RowMix { HarmfulText = 8, BenignText = 12, HarmfulMedia = 8, BenignMedia = 13, Retention = 4 },
            MixOfRealStarts = new RowMix { HarmfulText = 8, BenignText = 12, HarmfulMedia = 8, BenignMedia = 13, Retention = 4 },
            SynthesisLearningRate = 0.155,
            SynthesisSteps = 30,
            MediaPerPhrase = 6,
        },
        _ => new(modality, checkpoint),
    };
}
