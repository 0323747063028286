using System.CommandLine;
using System.Text.Json;
using SeaCluster.Cli.Frame;
using SeaCluster.Method.Inspection;
using SeaCluster.Method.Synthesis;
using SeaCluster.Models;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea inspect embedding</c>.</summary>
internal static class InspectCommand
{
    public static Command Create() => new SeaCommand("inspect", "Look at one embedding as the model sees it.").With(Embedding());

    private static SeaCommand Embedding()
    {
        ModelOptions model = new();
        Argument<string> file = new("file") { Description = "An embedding that 'sea synthesize' wrote", HelpName = "FILE" };
        Option<string[]> question = new("--question") { Description = "Ask this; may be given several times. Default: the questions it was trained on and the one it was not", HelpName = "TEXT" };
        Option<string[]> media = SharedOptions.File(new Option<string[]>("--media") { Description = "A real medium to compare with; may be given several times", HelpName = "FILE" });
        Option<bool> json = SharedOptions.Json();
        SeaCommand command = new(
            "embedding",
            "Show what the frozen model says it perceives in an embedding, its loss curve, and its distance from real encoder outputs.",
            "inspect embedding out/row-7.safetensors --model llava",
            "inspect embedding e.safetensors --model llava --media a.png --media b.png");
        return command.With([.. model.Symbols, file, question, media, json]).Does((parsed, _) =>
        {
            using Embedding embedding = EmbeddingFile.Read(parsed.GetValue(file)!);
            using IMultimodalModel loaded = model.Load(parsed);
            string[] questions = parsed.GetValue(question) is { Length: > 0 } asked ? asked : Questions(embedding);
            EmbeddingReport report = EmbeddingInspection.Of(loaded, embedding, questions, parsed.GetValue(media) ?? []);
            if (parsed.GetValue(json))
            {
                Screen.Json(report);
                return Task.FromResult(ExitCode.Done);
            }

            Screen.Line($"{report.Id}: '{report.Phrase}', {report.Losses.Count - 1} steps");
            Screen.Line($"loss {report.Losses[0]:0.000} {Curve.Of(report.Losses, 48)} {report.Losses[^1]:0.000}");
            Screen.Line($"mean norm of a token {report.Norm:0.0}; blank medium {report.BlankNorm:0.0}{(report.RealNorm is { } real ? $"; real media {real:0.0}" : "")}");
            Screen.Table(["question", "the model answers"], report.Answers.Select(pair => new[] { pair.Question, pair.Answer }));
            Screen.Table(["nearest", "cosine", "distance"], report.Neighbours.Select(other => new[] { other.Name, $"{other.Cosine:0.000}", $"{other.Distance:0.00}" }), 1, 2);
            return Task.FromResult(ExitCode.Done);
        });
    }

    // What it was trained on, then what it was not.
    private static string[] Questions(Embedding embedding) =>
    [
        .. JsonSerializer.Deserialize<string[][]>(embedding.Metadata["pairs"])!.Select(pair => pair[0]),
        .. new[] { embedding.Metadata["perception_question"] }.Where(question => question.Length > 0),
    ];
}
