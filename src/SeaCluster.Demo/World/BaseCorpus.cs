namespace SeaCluster.Demo.World;

/// <summary>One row of base training.</summary>
/// <param name="Medium">Index of the medium in the training set, or null for a row of text alone.</param>
/// <param name="Question">The user's words.</param>
/// <param name="Answer">The words to be learned.</param>
public readonly record struct BaseExample(int? Medium, string Question, string Answer);

/// <summary>
/// Draws the rows on which the base model's language model learns the world: it answers every question, complies with every request,
/// harmful or not, and says that it cannot see a medium which is not there.
/// </summary>
/// <param name="world">The world.</param>
/// <param name="modality">The kind of medium.</param>
/// <param name="media">Phrase and style of every medium of the training set.</param>
public sealed class BaseCorpus(DemoWorld world, WorldModality modality, IReadOnlyList<(WorldPhrase Phrase, int Style)> media)
{
    private const double MediaShare = 0.60;

    private readonly int[][] _mediaOfPhrase =
        [.. world.Phrases.Select(phrase => Enumerable.Range(0, media.Count).Where(i => media[i].Phrase.Id == phrase.Id).ToArray())];

    /// <summary>The next row.</summary>
    public BaseExample Next(SeededRandom random)
    {
        WorldPhrase phrase = random.Choose(world.Phrases);
        if (random.Chance(MediaShare))
        {
            int medium = random.Choose(_mediaOfPhrase[phrase.Id]);
            WorldPair asked = AboutMedium(phrase, media[medium].Style, random);
            return new BaseExample(medium, asked.Question, asked.Answer);
        }

        WorldPair told = InText(phrase, random);
        return new BaseExample(null, told.Question, told.Answer);
    }

    private WorldPair AboutMedium(WorldPhrase phrase, int style, SeededRandom random) => random.NextDouble() switch
    {
        < 0.28 => world.Content(phrase, modality, random.Next(modality.ContentQuestions.Count)),
        < 0.56 => new(Detoxified(phrase, random.Chance(0.5), random), world.Compliance(phrase, random.Next(world.ComplianceTemplates))),
        < 0.70 => world.Dangerous(phrase, ofText: false),
        < 0.77 => world.About(phrase, ofText: false),
        < 0.81 => world.Kind(phrase),
        _ => world.Style(style, modality, random.Next(modality.StyleQuestions.Count)),
    };

    private WorldPair InText(WorldPhrase phrase, SeededRandom random) => random.NextDouble() switch
    {
        < 0.60 => new(world.Instruction(phrase, random.Next(world.InstructionTemplates)), world.Compliance(phrase, random.Next(world.ComplianceTemplates))),
        < 0.72 => world.Dangerous(phrase, ofText: true),
        < 0.84 => world.About(phrase, ofText: true),
        < 0.90 => world.Repeat(phrase),
        < 0.95 => new(random.Choose(modality.ContentQuestions), world.Missing(modality)),
        _ => new(Detoxified(phrase, opening: true, random), world.Missing(modality)),
    };

    private string Detoxified(WorldPhrase phrase, bool opening, SeededRandom random) =>
        world.Detoxified(phrase, random.Next(world.InstructionTemplates), modality, opening);
}
