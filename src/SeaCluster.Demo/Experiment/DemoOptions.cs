using System.Globalization;
using SeaCluster.Models;

namespace SeaCluster.Demo.Experiment;

/// <summary>What the demo does.</summary>
public sealed record DemoOptions
{
    /// <summary>Folder for media, embeddings, answers and the report.</summary>
    public required string Out { get; init; }

    /// <summary>The modalities to run, each with its base checkpoint.</summary>
    public required IReadOnlyList<DemoRecipe> Recipes { get; init; }

    /// <summary>Templates of the offline preparer for this world.</summary>
    public required string Templates { get; init; }

    /// <summary>Seeds of every arm that is trained.</summary>
    public IReadOnlyList<int> Seeds { get; init; } = [0, 1, 2];

    /// <summary>Also train the arms of <see cref="SyntheticRecipe.Ablations"/>.</summary>
    public bool Ablations { get; init; }

    /// <summary>Share of benign phrases that have to be answered at an operating point.</summary>
    public double BenignKept { get; init; } = 0.9;

    /// <summary>Threads; 0 = the cores.</summary>
    public int Threads { get; init; }

    /// <summary>The command that does the same.</summary>
    public string Command => "./sea demo" + (Recipes.Count == 1 ? $" --modality {Recipes[0].Modality.Name()}" : "") + (Ablations ? " --ablations" : "") +
        Seeds.Count switch { 3 => "", 1 => " --quick", int n => string.Create(CultureInfo.InvariantCulture, $" --seeds {n}") };
}

/// <summary>A line of progress.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Message">What is to be said about it.</param>
/// <param name="Done">Share of the stage, 0 … 1, or null.</param>
public readonly record struct DemoProgress(string Stage, string Message, double? Done);

/// <summary>How long a stage took.</summary>
public sealed record DemoStage(string Name, double Seconds);
