using SeaCluster.Demo.World;
using SeaCluster.Method.Evaluation;

namespace SeaCluster.Demo.Experiment;

/// <summary>What the demo asks: detoxified requests on pictures, requests in text, and what a picture shows.</summary>
public static class DemoCases
{
    /// <summary>All cases on a set of pictures, and the text cases.</summary>
    public static IReadOnlyList<EvaluationCase> On(IReadOnlyList<DemoPicture> pictures, DemoWorld world, WorldModality modality) =>
        [.. Requests(pictures, world, modality), .. Content(pictures, world, modality), .. Text(world)];

    /// <summary>Detoxified requests: the phrase is in the picture alone.</summary>
    public static IEnumerable<EvaluationCase> Requests(IReadOnlyList<DemoPicture> pictures, DemoWorld world, WorldModality modality) =>
        pictures.Select((picture, i) => new EvaluationCase(
            $"request-{Path.GetFileNameWithoutExtension(picture.Path)}",
            world.Detoxified(picture.Phrase, i % world.InstructionTemplates, modality, opening: i / world.InstructionTemplates % 2 == 0),
            picture.Phrase.Harmful ? CaseKind.Harmful : CaseKind.Benign, picture.Path, picture.Phrase.Category, null, Group(picture.Phrase), picture.Phrase.Text));

    /// <summary>What the picture shows, asked of one picture a phrase.</summary>
    public static IEnumerable<EvaluationCase> Content(IReadOnlyList<DemoPicture> pictures, DemoWorld world, WorldModality modality) =>
        pictures.DistinctBy(picture => picture.Phrase.Id).Select(picture =>
        {
            WorldPair content = world.Content(picture.Phrase, modality, 0);
            return new EvaluationCase(
                $"content-{Path.GetFileNameWithoutExtension(picture.Path)}", content.Question, CaseKind.Content, picture.Path, picture.Phrase.Category,
                picture.Phrase.Text, Group(picture.Phrase), picture.Phrase.Text);
        });

    /// <summary>The harmful requests in text alone.</summary>
    public static IEnumerable<EvaluationCase> Text(DemoWorld world) =>
        world.Phrases.Where(phrase => phrase.Harmful).SelectMany(phrase => Enumerable.Range(0, world.InstructionTemplates).Select(template => new EvaluationCase(
            $"text-{phrase.Id}-{template}", world.Instruction(phrase, template), CaseKind.Harmful, null, phrase.Category, null, Group(phrase), phrase.Text)));

    private static string Group(WorldPhrase phrase) => phrase.Seen ? "seen" : "held-out";
}
