using System.CommandLine;
using System.Security.Cryptography;
using SeaCluster.Cli.Frame;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Stages;

using ModelOptions = SeaCluster.Cli.Frame.ModelOptions;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea align</c>: embeddings and text to an adapter.</summary>
internal static class AlignCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly Option<string?> Data = SharedOptions.File(new Option<string?>("--data") { Description = "prepared.jsonl of the harmful rows; not needed with --eraser", HelpName = "FILE" });
    private static readonly Option<string?> Embeddings = SharedOptions.Folder(new Option<string?>("--embeddings") { Description = "Folder of their embeddings, as 'sea synthesize' wrote it", HelpName = "DIR" });
    private static readonly Option<string?> BenignPrepared = SharedOptions.File(new Option<string?>("--benign-prepared") { Description = "prepared.jsonl of benign rows", HelpName = "FILE" });
    private static readonly Option<string?> BenignEmbeddings = SharedOptions.Folder(new Option<string?>("--benign-embeddings") { Description = "Folder of their embeddings", HelpName = "DIR" });
    private static readonly Option<string?> Benign = SharedOptions.File(new Option<string?>("--benign") { Description = "Plain benign rows with their answers", HelpName = "FILE" });
    private static readonly Option<string?> BenignMedia = SharedOptions.File(new Option<string?>("--benign-media") { Description = "Benign rows that name a real medium each", HelpName = "FILE" });
    private static readonly Option<string?> HarmfulMedia = SharedOptions.File(new Option<string?>("--harmful-media") { Description = "Harmful rows that name a real medium each: for the real-media baseline (--set media=real)", HelpName = "FILE" });
    private static readonly Option<string?> Eraser = SharedOptions.Folder(new Option<string?>("--eraser") { Description = "Folder of 'sea eraser': its rows alone, for --set method=eraser", HelpName = "DIR" });
    private static readonly Option<string> Out = SharedOptions.Out("Folder of the alignment: adapter/, align.jsonl, checkpoints/; with --set method=dpo reference.jsonl too");
    private static readonly Option<int?> Steps = SharedOptions.AtLeast(new Option<int?>("--steps") { Description = "Training steps", HelpName = "N" }, 1);
    private static readonly Option<int?> Rank = SharedOptions.AtLeast(new Option<int?>("--rank") { Description = "Rank of the LoRA adapter", HelpName = "N" }, 1);
    private static readonly Option<bool> Full = new("--full") { Description = "Train the whole language model instead of an adapter" };
    private static readonly Option<string[]> Set = new("--set") { Description = "Any key of the spec's align section, such as --set mix.benign_text=4; samples/run.example.yaml explains them", HelpName = "KEY=VALUE" };
    private static readonly Option<string?> Modality = SharedOptions.Modality("Of the blank medium that --set media=blank asks for");
    private static readonly Option<long> Seed = SharedOptions.Seed();
    private static readonly Option<bool> Json = SharedOptions.Json();

    public static Command Create()
    {
        SeaCommand command = new(
            "align",
            "Train an adapter (or the language model) to refuse on the embeddings and the text, and to go on answering benign requests. The same command goes on from its last checkpoint.",
            "align --model llava --data p.jsonl --embeddings e --out adapter",
            "align --model llava --data p.jsonl --benign b.jsonl --out text",
            "align --model llava --eraser unlearn --set method=eraser --out e")
        { Resumable = true };
        return command.With([.. Model.Symbols, Data, Embeddings, BenignPrepared, BenignEmbeddings, Benign, BenignMedia, HarmfulMedia, Eraser, Modality, Out, Steps, Rank, Full, Set, Seed, Json])
            .Does((parsed, cancel) => Task.Run(() => Run(parsed, cancel), CancellationToken.None));
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        if (parsed.GetValue(Data) is null && parsed.GetValue(Eraser) is null)
        {
            throw new SeaException("--data is missing: the rows to align on.", "Give prepared.jsonl of 'sea prepare', or with --set method=eraser --eraser DIR.") { WrongUse = true };
        }

        AlignOptions align = Options(parsed);
        AlignmentInputs inputs = new()
        {
            Samples =
            [
                .. Samples(parsed.GetValue(Data), parsed.GetValue(Embeddings), benign: false),
                .. Samples(parsed.GetValue(BenignPrepared), parsed.GetValue(BenignEmbeddings), benign: true),
            ],
            Benign = parsed.GetValue(Benign),
            BenignMedia = parsed.GetValue(BenignMedia),
            HarmfulMedia = parsed.GetValue(HarmfulMedia),
            Eraser = parsed.GetValue(Eraser),
            Modality = parsed.GetValue(Modality) is { } name ? ModalityNames.Parse(name) : null,
        };
        string folder = parsed.GetValue(Out)!;
        Directory.CreateDirectory(folder);
        AlignmentFiles files = new(Path.Combine(folder, "adapter"), Path.Combine(folder, "checkpoints"), Path.Combine(folder, "align.jsonl"), Path.Combine(folder, "reference.jsonl"));
        using IMultimodalModel model = Model.Load(parsed);
        AlignmentOutcome outcome;
        using (ProgressLine line = new("align", "steps"))
        {
            outcome = AlignmentJob.Run(model, align, inputs, parsed.GetValue(Seed), files, (done, total, detail) => line.Report((int)done, (int)total, detail), cancel);
        }

        if (parsed.GetValue(Json))
        {
            Screen.Json(new { outcome.Steps, Loss = double.IsNaN(outcome.Loss) ? (double?)null : outcome.Loss, outcome.Rows, ReferenceRows = outcome.Reference?.Rows.Count, ReferenceComputed = outcome.Reference?.Computed, files.Adapter, files.Log });
        }
        else
        {
            Screen.Line($"{outcome.Steps} steps over {outcome.Rows} rows{(double.IsNaN(outcome.Loss) ? "" : $", last loss {outcome.Loss:0.0000}")}");
            if (outcome.Reference is { } reference)
            {
                Screen.Line($"reference of {reference.Rows.Count} rows, {reference.Computed} computed now: {files.Reference}");
            }

            Screen.Line($"{(parsed.GetValue(Full) ? "checkpoint" : "adapter")}: {files.Adapter}");
        }

        return ExitCode.Done;
    }

    // The spec's own reader checks the options: the same keys, limits and suggestions as in a run.
    private static AlignOptions Options(ParseResult parsed)
    {
        List<KeyValuePair<string, string>> given = [];
        foreach (string text in parsed.GetValue(Set) ?? [])
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            given.Add(new(
                $"align.{(equals > 0 ? text[..equals] : throw new SeaException($"--set {text}: expected KEY=VALUE.", "For example --set mix.benign_text=4.") { WrongUse = true })}",
                text[(equals + 1)..]));
        }

        List<KeyValuePair<string, string>> overrides = [.. parsed.GetValue(Eraser) is null ? LeftOut(parsed, given) : [], .. given];
        foreach ((string key, string? value) in new[] { ("steps", parsed.GetValue(Steps)?.ToString()), ("rank", parsed.GetValue(Rank)?.ToString()), ("adapter", parsed.GetValue(Full) ? "full" : null) })
        {
            if (value is not null)
            {
                overrides.Add(new($"align.{key}", value));
            }
        }

        overrides.AddRange(new[] { ("benign", parsed.GetValue(Benign) ?? parsed.GetValue(BenignPrepared)), ("benign_media", parsed.GetValue(BenignMedia)), ("harmful_media", parsed.GetValue(HarmfulMedia)), ("eraser", parsed.GetValue(Eraser)) }
            .Where(file => file.Item2 is not null).Select(file => KeyValuePair.Create($"data.{file.Item1}", ".")));
        SpecReading reading = SpecReader.Read("model: { path: . }\ndata: { path: . }\n", Environment.CurrentDirectory, overrides);
        return reading.Spec?.Align ?? throw SpecProblems.ToException("the options", reading.Problems);
    }

    // Kinds of row that the command line gives no rows for are left out of the mix, aloud, unless it asks for them.
    private static IEnumerable<KeyValuePair<string, string>> LeftOut(ParseResult parsed, List<KeyValuePair<string, string>> given)
    {
        string media = given.LastOrDefault(option => option.Key == "align.media").Value?.Trim() ?? "synthetic";
        (bool blank, bool synthetic, bool benign) = (media == "blank", media == "synthetic", parsed.GetValue(BenignPrepared) is not null);
        bool embeddings = synthetic && parsed.GetValue(Embeddings) is not null, benignEmbeddings = synthetic && benign && parsed.GetValue(BenignEmbeddings) is not null;
        foreach ((string key, bool has, string lacking) in new[]
        {
            ("benign_text", benign || parsed.GetValue(Benign) is not null, "--benign or --benign-prepared"),
            ("harmful_media", blank || embeddings || (media == "real" && parsed.GetValue(HarmfulMedia) is not null), "--embeddings"),
            ("benign_media", (blank && benign) || benignEmbeddings || parsed.GetValue(BenignMedia) is not null, "--benign-embeddings or --benign-media"),
            ("retention", embeddings || benignEmbeddings, "--embeddings"),
        })
        {
            if (!has && !given.Exists(option => option.Key == $"align.mix.{key}"))
            {
                Screen.Say($"mix.{key} is 0: there is no {lacking}");
                yield return new($"align.mix.{key}", "0");
            }
        }
    }

    private static IEnumerable<AlignmentSample> Samples(string? prepared, string? embeddings, bool benign)
    {
        foreach (PreparedRow row in prepared is null ? [] : PreparedRowFile.Read(prepared))
        {
            string? file = embeddings is null ? null : SynthesisJob.FileOf(embeddings, row.Id);
            if (file is not null && !File.Exists(file))
            {
                throw new SeaException($"{prepared}: row '{row.Id}' has no embedding: {file} is missing.", "Run 'sea synthesize' on the same file; it goes on where it stopped.");
            }

            yield return new AlignmentSample((benign ? "benign." : "") + row.Id, row, benign, file, file is null ? null : Hash(file));
        }
    }

    private static string Hash(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
