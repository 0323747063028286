using System.CommandLine;
using SeaCluster.Cli.Frame;
using SeaCluster.Method.Alignment;
using SeaCluster.Method.Endpoints;
using SeaCluster.Method.Evaluation;
using SeaCluster.Method.Evaluation.Judges;
using SeaCluster.Method.Preparation.Eraser;
using SeaCluster.Models;
using SeaCluster.Models.Generation;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea eraser</c>: the data that Eraser unlearns and keeps.</summary>
internal static class EraserCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly Option<string[]> Data = SharedOptions.File(new Option<string[]>("--data") { Description = "Safety rows with an unwanted answer ('rejected') each; may be given several times", HelpName = "FILE", Required = true });
    private static readonly Option<string> Out = SharedOptions.Out("Folder for harm.jsonl, help.jsonl, align.jsonl and entities.jsonl");
    private static readonly Option<string> Entities = new("--entities") { Description = "Who finds entities in the unwanted answers: offline (rules, English) or llm", HelpName = "WHO", DefaultValueFactory = _ => "offline" };
    private static readonly Option<string> Answers = new("--answers") { Description = "Who answers the neutral questions: model or llm", HelpName = "WHO", DefaultValueFactory = _ => "model" };
    private static readonly Option<string?> Llm = new("--llm") { Description = "Base address of an OpenAI-compatible endpoint, for --entities llm and --answers llm", HelpName = "URL" };
    private static readonly Option<string?> LlmModel = new("--llm-model") { Description = "The model's name at the endpoint", HelpName = "NAME" };
    private static readonly Option<string> KeyVariable = new("--llm-key-env") { Description = "Environment variable that holds the key", HelpName = "NAME", DefaultValueFactory = _ => "OPENAI_API_KEY" };
    private static readonly Option<int> Limit = SharedOptions.AtLeast(new Option<int>("--limit") { Description = "At most so many harmful rows", HelpName = "N", DefaultValueFactory = _ => 100_000 }, 1);
    private static readonly Option<int> MostEntities = SharedOptions.AtLeast(new Option<int>("--max-entities") { Description = "At most so many entities, and helpful questions", HelpName = "N", DefaultValueFactory = _ => 5000 }, 1);
    private static readonly Option<int> MaxNewTokens = SharedOptions.AtLeast(new Option<int>("--max-new-tokens") { Description = "Longest answer, in tokens", HelpName = "N", DefaultValueFactory = _ => 256 }, 1);
    private static readonly Option<double> Temperature = SharedOptions.AtLeast(new Option<double>("--temperature") { Description = "Sampling temperature of the model's answers; 0 is greedy", HelpName = "X", DefaultValueFactory = _ => 0.7 }, 0);
    private static readonly Option<bool> Restart = new("--restart") { Description = "Throw away the answers that an earlier start left in --out" };
    private static readonly Option<long> Seed = SharedOptions.Seed();
    private static readonly Option<bool> Json = SharedOptions.Json();

    static EraserCommand()
    {
        Entities.AcceptOnlyFromAmong("offline", "llm");
        Answers.AcceptOnlyFromAmong("model", "llm");
    }

    public static Command Create()
    {
        SeaCommand command = new(
            "eraser",
            "Make the data of Eraser: harmful rows, a neutral question about each entity of their unwanted answers, answered and dropped where refused, and the model's own answers to the harmful questions. 'data.eraser' of a run spec and 'sea align --eraser' take the folder.",
            "eraser --model llava --data rows.jsonl --out unlearn",
            "eraser --model m --data r --out u --entities llm --llm URL --llm-model n")
        { Resumable = true };
        return command.With([.. Model.Symbols, Data, Out, Entities, Answers, Llm, LlmModel, KeyVariable, Limit, MostEntities, MaxNewTokens, Temperature, Restart, Seed, Json]).Does(Run);
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken cancel)
    {
        string folder = parsed.GetValue(Out)!;
        bool entities = parsed.GetValue(Entities) == "llm", answers = parsed.GetValue(Answers) == "llm";
        using ChatEndpoint? endpoint = entities || answers ? Endpoint(parsed, folder) : NotAsked(parsed);
        using IMultimodalModel model = Model.Load(parsed);
        GenerationOptions generation = new()
        {
            MaxNewTokens = parsed.GetValue(MaxNewTokens),
            Temperature = parsed.GetValue(Temperature),
            TopK = 20,
            TopP = 0.95,
            RepetitionPenalty = parsed.GetValue(Temperature) > 0 ? 1.15 : 1,
            Seed = parsed.GetValue(Seed),
        };
        ModelAnswerer own = new(model, $"{ModelFingerprint.Of(model)[..16]} {generation}", generation);
        EraserPreparation preparation = new(
            new EraserPreparationOptions { Inputs = parsed.GetValue(Data)!, OutputFolder = folder, Limit = parsed.GetValue(Limit), MostEntities = parsed.GetValue(MostEntities), Seed = parsed.GetValue(Seed), Restart = parsed.GetValue(Restart) },
            entities ? new EndpointEntityExtractor(endpoint!, parsed.GetValue(LlmModel)!) : new OfflineEntityExtractor(),
            answers ? new EndpointAnswerer(endpoint!, parsed.GetValue(LlmModel)!, generation.MaxNewTokens) : own,
            own,
            RefusalJudge.Standard);
        EraserPreparationReport report;
        using (Progress progress = new())
        {
            report = await Task.Run(() => preparation.RunAsync(progress, cancel), CancellationToken.None);
        }

        if (parsed.GetValue(Json))
        {
            Screen.Json(report);
            return ExitCode.Done;
        }

        Screen.Line($"{report.Harm} harmful rows{(report.WithoutAnswer + report.Bad > 0 ? $" ({report.WithoutAnswer} left out without an unwanted answer, {report.Bad} not readable)" : "")}");
        Screen.Line($"{report.Entities} entities, {report.Help} helpful rows ({report.Refused} refused, {report.Empty} empty)");
        Screen.Line($"{report.Align} rows of the model's own answers");
        Screen.Line(folder);
        return ExitCode.Done;
    }

    private static ChatEndpoint Endpoint(ParseResult parsed, string folder)
    {
        string given = parsed.GetValue(Llm) ?? throw Wrong("--entities llm and --answers llm ask an endpoint: --llm is missing.", "Name it with --llm URL --llm-model NAME.");
        string model = parsed.GetValue(LlmModel) ?? throw Wrong("--llm needs --llm-model, the model's name at the endpoint.", null);
        Uri address = Uri.TryCreate(given, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" ? uri : throw Wrong($"--llm {given}: expected an address such as http://localhost:8000/v1.", null);
        return new ChatEndpoint(new ChatEndpointOptions(address, model, ApiKey.Of(parsed.GetValue(KeyVariable)!, address)) { CacheFolder = Path.Combine(folder, "cache") });
    }

    private static ChatEndpoint? NotAsked(ParseResult parsed) => parsed.GetValue(Llm) is null && parsed.GetValue(LlmModel) is null ? null
        : throw Wrong("--llm is given, and nothing asks it.", "Add --entities llm or --answers llm, or leave --llm out.");

    private static SeaException Wrong(string message, string? hint) => new(message, hint) { WrongUse = true };

    private sealed class Progress : IProgress<EraserProgress>, IDisposable
    {
        private string what = "";
        private ProgressLine? line;

        public void Report(EraserProgress value)
        {
            if (value.What != what)
            {
                line?.Dispose();
                (what, line) = (value.What, new ProgressLine(value.What, value.What == "entities" ? "answers read" : "questions"));
            }

            line!.Report(value.Done, value.Total);
        }

        public void Dispose() => line?.Dispose();
    }
}
