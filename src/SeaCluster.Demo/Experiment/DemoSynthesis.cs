using SeaCluster.Demo.World;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Preparation.Offline;
using SeaCluster.Method.Preparation.Templates;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Demo.Experiment;

/// <summary>Perception of a set of synthetic media by one kind of question.</summary>
/// <param name="Method">How the media were made.</param>
/// <param name="Question">What was asked.</param>
/// <param name="Trained">Whether E_o was optimised on questions of this kind.</param>
/// <param name="Right">Answers that name what is expected.</param>
/// <param name="Asked">All answers.</param>
public sealed record DemoPerception(string Method, string Question, bool Trained, int Right, int Asked);

/// <summary>Text rows of the world in, prepared by the ordinary preparer and optimised by the ordinary lane.</summary>
public static class DemoSynthesis
{
    /// <summary>How many requests a seen phrase has: harmful ones six, benign ones four.</summary>
    public static IEnumerable<(WorldPhrase Phrase, SafetyRow Row)> Rows(DemoWorld world) =>
        world.Phrases.Where(phrase => phrase.Seen).SelectMany(phrase => Enumerable.Range(0, phrase.Harmful ? 6 : 4).Select(template => (phrase, new SafetyRow(
            $"{phrase.Text.Replace(' ', '-')}-{template}",
            world.Instruction(phrase, template),
            phrase.Harmful ? world.Refusals[template % world.Refusals.Count] : world.Compliance(phrase, template),
            phrase.Harmful ? world.Compliance(phrase, template) : null,
            phrase.Category))));

    /// <summary>The rows as the ordinary preparer writes them, with their phrases.</summary>
    /// <param name="world">The world.</param>
    /// <param name="modality">What the controls speak about.</param>
    /// <param name="templates">The world's wording.</param>
    public static IReadOnlyList<(WorldPhrase Phrase, PreparedRow Row)> Prepare(DemoWorld world, Modality modality, string templates)
    {
        OfflinePreparer preparer = new(new RowComposer(TemplateFile.Load(templates), modality.Name(), 0));
        return [.. Rows(world).Select(item =>
        {
            PreparationOutcome outcome = preparer.PrepareAsync(item.Row, CancellationToken.None).GetAwaiter().GetResult();
            return (item.Phrase, outcome.Row ?? throw new SeaException($"Row '{item.Row.Id}' of the small world was rejected: {outcome.Reason}", "world.json and the templates do not fit each other."));
        })];
    }

    /// <summary>Optimises an encoder output for every row; the media are named as their rows.</summary>
    public static (IReadOnlyList<DemoMedium> Media, SynthesisReport Report) Run(
        IMultimodalModel model, IReadOnlyList<(WorldPhrase Phrase, PreparedRow Row)> rows, SynthesisOptions options, string folder, Action<SynthesisProgress> progress, CancellationToken cancellation)
    {
        SynthesisReport report = SynthesisJob.Run(model, [.. rows.Select(item => SynthesisJob.SampleOf(item.Row, options))], options, folder, progress, cancellation);
        List<DemoMedium> media = [];
        foreach ((WorldPhrase phrase, PreparedRow row) in rows)
        {
            using Embedding embedding = EmbeddingFile.Read(SynthesisJob.FileOf(folder, row.Id));
            media.Add(new DemoMedium(row.Id, phrase, embedding.EncoderOutput with { Values = embedding.EncoderOutput.Values.alias().DetachFromDisposeScope() }));
        }

        return (media, report);
    }

    /// <summary>What the base perceives in the media, asked what they were optimised on and what they were not.</summary>
    public static IReadOnlyList<DemoPerception> Perceive(
        IMultimodalModel model, DemoWorld world, WorldModality modality, SyntheticRecipe made, IReadOnlyList<DemoMedium> media)
    {
        (string Name, bool Trained, Func<WorldPhrase, WorldPair> Ask)[] kinds =
        [
            ("content", made.Pairs.HasFlag(AuxiliaryPairs.Content), phrase => world.Content(phrase, modality, phrase.Id % modality.ContentQuestions.Count)),
            ("category", made.Pairs.HasFlag(AuxiliaryPairs.Topic), phrase => world.About(phrase, ofText: false)),
            ("danger", false, phrase => world.Dangerous(phrase, ofText: false)),
        ];
        return [.. kinds.Select(kind =>
        {
            WorldPair[] pairs = [.. media.Select(medium => kind.Ask(medium.Phrase))];
            string?[] answers = Perception.Ask(model, [.. pairs.Zip(media, (pair, medium) => ((string?)pair.Question, medium.EncoderOutput))], 12);
            return new DemoPerception(made.Name, kind.Name, kind.Trained, pairs.Zip(answers).Count(pair => pair.First.Answer == pair.Second), media.Count);
        })];
    }
}
