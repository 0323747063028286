using System.Text.Json;
using System.Text.Json.Serialization;
using SeaCluster.Models;

namespace SeaCluster.Method.Parity;

/// <summary>A <c>cases-KIND.json</c>.</summary>
internal sealed record FixtureCases(
    string Family, string MediaKind, IReadOnlyList<PreprocessingCase>? Preprocessing, IReadOnlyList<ForwardCase>? Forward, IReadOnlyList<GreedyCase>? Greedy,
    IReadOnlyList<SynthesisCase>? Sea, SftCase? Sft, DpoCase? Dpo, EraserCase? Eraser);

internal sealed record PreprocessingCase(string File, string Tensors, string PromptText, int[] PromptIds);

internal sealed record ForwardCase(
    string Name, string Tensors, string? File, string Question, string? Answer, string? System, string Text, int[] Ids, int[] Labels, double MeanNll);

internal sealed record GreedyCase(string? File, string Question, int[] PromptIds, int[] Continuation, string ContinuationText);

internal sealed record SynthesisCase(string Name, string Blank, IReadOnlyList<PairCase> Pairs, OptimizerCase Optimizer, double[] Losses);

internal sealed record PairCase(string Question, string Answer, int[] Ids, int[] Labels);

internal sealed record OptimizerCase(string Name, double LearningRate, double[] Betas, double Eps);

internal sealed record RowCase(string? Text, int[] Ids, int[] Labels, string? EncoderOutput);

internal sealed record TrainingSettings(int Rank, double Alpha, double LearningRate, double WeightDecay, double MaxGradNorm);

internal sealed record SftCase(
    IReadOnlyList<RowCase> Rows, int[][] Batches, double[] Losses, double[] GradNorms, double[] RowLossesAfter, TrainingSettings Settings);

internal sealed record PairRowCase(RowCase Chosen, RowCase Rejected, string? EncoderOutput);

internal sealed record ReferenceCase(double Chosen, double Rejected);

internal sealed record DpoStep(
    int[] Rows, double Loss, double GradNorm,
    [property: JsonPropertyName("rewards/chosen")] double RewardChosen, [property: JsonPropertyName("rewards/rejected")] double RewardRejected,
    [property: JsonPropertyName("rewards/margins")] double Margin, [property: JsonPropertyName("rewards/accuracies")] double Accuracy);

internal sealed record DpoCase(
    IReadOnlyList<PairRowCase> Rows, double Beta, IReadOnlyList<ReferenceCase> ReferenceLogps, IReadOnlyList<DpoStep> Steps, TrainingSettings Settings);

internal sealed record EraserStep(int Row, double HarmNll, double Unlearn, double Retain, double Maintain, double Loss, double GradNorm);

internal sealed record EraserCase(
    double Gamma, IReadOnlyList<RowCase> Harm, IReadOnlyList<RowCase> Help, IReadOnlyList<RowCase> Refusals, IReadOnlyList<EraserStep> Steps, TrainingSettings Settings);

internal sealed record TokenizerCase(string Text, int[] Ids, int[] IdsWithoutSpecial, string Decoded, string DecodedSkipSpecial);

/// <summary>Reads the JSON files of a fixture.</summary>
internal static class FixtureJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = false,
    };

    /// <exception cref="SeaException">Not JSON, or a key has a value of another type; the message names file and key.</exception>
    public static T Read<T>(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream, Options) ?? throw new SeaException($"{path}: holds null.");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            string where = error is JsonException json ? $" at {json.Path}" : "";
            throw new SeaException($"{path}: cannot be read{where}: {error.Message}", "The format is that of tests/fixtures/parity/README.md.", error);
        }
    }
}
