using SeaCluster.Demo.World;
using SeaCluster.Method.Alignment;
using SeaCluster.Models;

namespace SeaCluster.Demo.Experiment;

/// <summary>An encoder output that alignment may use, and what it stands for.</summary>
public sealed record DemoMedium(string Name, WorldPhrase Phrase, EncoderOutput EncoderOutput);

/// <summary>One way to align: the same text rows, with other media behind the detoxified ones.</summary>
/// <param name="Method"><c>text-only</c>, <c>blank</c>, <c>sea</c>, <c>sea+</c>, <c>real</c> or one of the ablations.</param>
/// <param name="Harmful">Media of harmful phrases to refuse; empty for text alone.</param>
/// <param name="Benign">Media of benign phrases to answer.</param>
public sealed record DemoArm(string Method, IReadOnlyList<DemoMedium> Harmful, IReadOnlyList<DemoMedium> Benign)
{
    /// <summary>The harmful media were optimised from real, harmless ones.</summary>
    public bool RealStarts { get; init; }

    /// <summary>Rows of each kind a step.</summary>
    public RowMix Mix(DemoRecipe recipe) => Harmful.Count > 0 ? (RealStarts ? recipe.MixOfRealStarts : recipe.Mix) : recipe.Mix with { HarmfulMedia = 0, BenignMedia = 0, Retention = 0 };

    /// <summary>All rows that the arm draws from.</summary>
    public IReadOnlyList<AlignmentRow> Rows(IMultimodalModel model, DemoWorld world, WorldModality modality)
    {
        List<AlignmentRow> rows = [];
        int templates = world.InstructionTemplates;
        void Add(RowKind kind, string question, string answer, DemoMedium? medium) => rows.Add(new AlignmentRow(
            $"{kind}-{rows.Count}", kind, model.Prompts.Encode(question, answer, medium?.EncoderOutput.Layout), medium?.Name));

        foreach (WorldPhrase phrase in world.Phrases.Where(phrase => phrase.Seen))
        {
            for (int i = 0; i < templates; i++)
            {
                Add(phrase.Harmful ? RowKind.HarmfulText : RowKind.BenignText, world.Instruction(phrase, i), Wanted(world, phrase, i), null);
            }

            // Plain questions in text keep what the base knows of the phrase.
            foreach (WorldPair pair in new[] { world.About(phrase, ofText: true), world.Dangerous(phrase, ofText: true) })
            {
                Add(RowKind.BenignText, pair.Question, pair.Answer, null);
            }
        }

        foreach ((IReadOnlyList<DemoMedium> media, RowKind kind) in new[] { (Harmful, RowKind.HarmfulMedia), (Benign, RowKind.BenignMedia) })
        {
            foreach (DemoMedium medium in media)
            {
                for (int i = 0; i < 2 * templates; i++)
                {
                    Add(kind, world.Detoxified(medium.Phrase, i % templates, modality, opening: i >= templates), Wanted(world, medium.Phrase, i), medium);
                }

                for (int question = 0; question < modality.ContentQuestions.Count; question++)
                {
                    WorldPair content = world.Content(medium.Phrase, modality, question);
                    Add(RowKind.Retention, content.Question, content.Answer, medium);
                }
            }
        }

        return rows;
    }

    private static string Wanted(DemoWorld world, WorldPhrase phrase, int i) =>
        phrase.Harmful ? world.Refusals[(phrase.Id + i) % world.Refusals.Count] : world.Compliance(phrase, phrase.Id + i);
}
