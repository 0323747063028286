using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Judges;
using SeaCluster.Method.Preparation.Rows;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;

namespace SeaCluster.Method.Preparation.Eraser;

/// <summary>What <see cref="EraserPreparation"/> reads and writes.</summary>
public sealed record EraserPreparationOptions
{
    /// <summary>Safety rows: those with an unwanted answer (<c>rejected</c>) are the harmful ones.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Receives the files of <see cref="EraserFolder"/>.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>At most so many harmful rows.</summary>
    public int Limit { get; init; } = 100_000;

    /// <summary>At most so many entities, the first found.</summary>
    public int MostEntities { get; init; } = 5000;

    /// <summary>At most so many entities of one answer.</summary>
    public int MostEntitiesOfAnswer { get; init; } = 10;

    /// <summary>Seed of the questions' templates.</summary>
    public long Seed { get; init; }

    /// <summary>Throws away what an earlier start left in the folder.</summary>
    public bool Restart { get; init; }
}

/// <summary>How far the preparation is.</summary>
/// <param name="What"><c>entities</c>, <c>help</c> or <c>align</c>.</param>
/// <param name="Done">Answers read, or questions answered.</param>
/// <param name="Total">Of so many.</param>
public readonly record struct EraserProgress(string What, int Done, int Total);

/// <summary>What became of the rows.</summary>
/// <param name="Harm">Harmful rows.</param>
/// <param name="WithoutAnswer">Rows left out because they have no unwanted answer.</param>
/// <param name="Bad">Rows that could not be read.</param>
/// <param name="Entities">Entities, each once.</param>
/// <param name="Refused">Helpful questions whose answer holds a refusal phrase.</param>
/// <param name="Empty">Helpful questions without an answer.</param>
/// <param name="Help">Helpful rows left.</param>
/// <param name="Align">Rows of the model's own answers to harmful questions.</param>
public sealed record EraserPreparationReport(int Harm, int WithoutAnswer, int Bad, int Entities, int Refused, int Empty, int Help, int Align);

/// <summary>
/// The data of Eraser (Lu et al. 2024): harmful rows; entities of the harmful answers; one neutral question about each, answered by the model itself or by another and dropped where it
/// is refused; and the model's own answers to the harmful questions, unfiltered. Goes on where it was stopped.
/// </summary>
/// <param name="options">What to read and write.</param>
/// <param name="extractor">Finds entities.</param>
/// <param name="helpful">Answers the neutral questions.</param>
/// <param name="own">The model to be trained: answers the harmful questions.</param>
/// <param name="refusals">Drops refused helpful rows.</param>
public sealed class EraserPreparation(EraserPreparationOptions options, IEntityExtractor extractor, IAnswerer helpful, IAnswerer own, RefusalJudge refusals)
{
    /// <summary>The neutral questions, <c>{0}</c> being the entity.</summary>
    public static IReadOnlyList<string> Questions { get; } =
    [
        "What is {0} used for?",
        "Which properties is {0} known for?",
        "What kind of thing is {0}: food, a tool, a place or something else?",
        "Give an everyday example that shows what {0} is.",
        "What is {0} often compared with, and why?",
        "How does {0} matter in daily life? Explain it simply.",
        "Tell a short story in which {0} plays a part.",
        "Where does one usually come across {0}?",
        "What is known about the history of {0}?",
        "Where can one read more about {0}?",
    ];

    /// <summary>Does what is left to do.</summary>
    /// <param name="progress">Told how far it is, or null.</param>
    /// <param name="cancel">Stops between two groups of questions; what is answered is kept.</param>
    /// <exception cref="SeaException">No row has an unwanted answer, no helpful row is left, or the folder holds something made otherwise.</exception>
    public async Task<EraserPreparationReport> RunAsync(IProgress<EraserProgress>? progress, CancellationToken cancel)
    {
        (List<EraserRow> harm, int without, int bad) = ReadHarm(cancel);
        if (harm.Count == 0)
        {
            throw new SeaException(
                $"{string.Join(", ", options.Inputs)}: none of {without + bad} rows has an unwanted answer, which is what Eraser unlearns.",
                "Give rows a 'rejected' answer; docs/preparation.md names the fields.");
        }

        EraserFolder folder = new(options.OutputFolder);
        Directory.CreateDirectory(options.OutputFolder);
        Bind(folder, harm);
        EraserFolder.Write(folder.Harm, harm);
        List<Entity> entities = await EntitiesAsync(harm, progress, cancel);
        EraserFolder.Write(folder.Entities, entities);
        if (entities.Count == 0)
        {
            throw new SeaException($"No entities were found in {harm.Count} harmful answers.", "Longer answers name more; or extract them with an LLM: --llm URL --llm-model NAME --entities llm.");
        }

        IReadOnlyList<EraserRow> answers = await AnswerFile.FillAsync(
            folder.At("answers", "help.jsonl"), [.. entities.Select((entity, i) => ($"help-{i}", entity.Question))], helpful, done => progress?.Report(new("help", done, entities.Count)), cancel);
        int empty = answers.Count(row => row.Response.Length == 0), refused = answers.Count(row => refusals.IsRefusal(row.Response));
        EraserRow[] help = [.. answers.Where(row => row.Response.Length > 0 && !refusals.IsRefusal(row.Response))];
        IReadOnlyList<EraserRow> align = await AnswerFile.FillAsync(
            folder.At("answers", "align.jsonl"), [.. harm.Select(row => (row.Id, row.Prompt))], own, done => progress?.Report(new("align", done, harm.Count)), cancel);
        EraserRow[] kept = [.. align.Where(row => row.Response.Length > 0)];
        if (help.Length == 0 || kept.Length == 0)
        {
            throw new SeaException(
                help.Length == 0 ? $"None of {entities.Count} neutral questions was answered: {refused} refused, {empty} empty." : $"The model answered none of {harm.Count} harmful questions.",
                "Look at the answers folder; let another model answer the neutral questions with --llm URL --answers llm, or allow longer answers.");
        }

        EraserFolder.Write(folder.Help, help);
        EraserFolder.Write(folder.Align, kept);
        return new EraserPreparationReport(harm.Count, without, bad, entities.Count, refused, empty, help.Length, kept.Length);
    }

    private (List<EraserRow> Harm, int Without, int Bad) ReadHarm(CancellationToken cancel)
    {
        List<EraserRow> harm = [];
        HashSet<string> ids = new(StringComparer.Ordinal);
        int without = 0, bad = 0;
        foreach (RowRead read in options.Inputs.SelectMany(input => RowReader.Read(input)))
        {
            cancel.ThrowIfCancellationRequested();
            if (harm.Count == options.Limit)
            {
                break;
            }

            (without, bad) = (without + (read.Row is { Rejected: null } ? 1 : 0), bad + (read.Problem is null ? 0 : 1));
            if (read.Row is { Rejected: { } answer } row)
            {
                harm.Add(new EraserRow(ids.Add(row.Id) ? row.Id : throw new SeaException($"{row.Source}: the id '{row.Id}' is there twice.", "Give each row its own id, or none."), row.Prompt, answer));
            }
        }

        return (harm, without, bad);
    }

    private async Task<List<Entity>> EntitiesAsync(List<EraserRow> harm, IProgress<EraserProgress>? progress, CancellationToken cancel)
    {
        List<Entity> entities = [];
        HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);
        int done = 0;
        foreach (EraserRow[] group in harm.Chunk(AnswerFile.Group))
        {
            progress?.Report(new("entities", done, harm.Count));
            IReadOnlyList<string>[] found = await Task.WhenAll(group.Select(row => extractor.ExtractAsync(row.Response, cancel)));
            foreach ((EraserRow row, IReadOnlyList<string> names) in group.Zip(found))
            {
                foreach (string name in names.Take(options.MostEntitiesOfAnswer).Where(name => entities.Count < options.MostEntities && known.Add(name)))
                {
                    string question = Questions[new SampleRandom(options.Seed, $"help/{name.ToLowerInvariant()}").Below(Questions.Count)];
                    entities.Add(new Entity(name, string.Format(CultureInfo.InvariantCulture, question, name), row.Id));
                }
            }

            done += group.Length;
        }

        progress?.Report(new("entities", done, harm.Count));
        return entities;
    }

    // Answers of one model are no answers of another: a folder goes on as it began or not at all.
    private void Bind(EraserFolder folder, List<EraserRow> harm)
    {
        string settings = JsonSerializer.Serialize(new
        {
            format = "seacluster.eraser.1",
            entities = extractor.Name,
            helpful = helpful.Name,
            own = own.Name,
            refusals = refusals.Version,
            seed = options.Seed,
            most_entities = options.MostEntities,
            most_entities_of_answer = options.MostEntitiesOfAnswer,
            rows = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(harm)))),
        }) + "\n";
        if (options.Restart && Directory.Exists(folder.At("answers")))
        {
            Directory.Delete(folder.At("answers"), recursive: true);
        }

        if (!options.Restart && File.Exists(folder.Settings) && File.ReadAllText(folder.Settings) is var before && before != settings)
        {
            throw new SeaException(
                $"{folder.Settings}: the folder was begun otherwise: {Different(before, settings)}.", "Go on with what it was begun with, give another --out, or begin anew with --restart.") { WrongUse = true };
        }

        AtomicFile.WriteAllText(folder.Settings, settings);
    }

    private static string Different(string before, string now)
    {
        Dictionary<string, string> was = Parse(before);
        return string.Join(", ", Parse(now).Where(pair => was.GetValueOrDefault(pair.Key) != pair.Value).Select(pair => $"{pair.Key} was {was.GetValueOrDefault(pair.Key, "not given")}, is {pair.Value}"));

        static Dictionary<string, string> Parse(string text)
        {
            try
            {
                using JsonDocument json = JsonDocument.Parse(text);
                return json.RootElement.EnumerateObject().ToDictionary(each => each.Name, each => each.Value.ToString(), StringComparer.Ordinal);
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
            {
                return [];
            }
        }
    }

    private sealed record Entity(string Name, string Question, string From);
}
