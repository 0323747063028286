using SeaCluster.Models;

namespace SeaCluster.Method.Synthesis;

/// <summary>A question and the answer that the model is to give.</summary>
public sealed record QuestionAnswer(string Question, string Answer);

/// <summary>One sample to optimise: the auxiliary pairs D_a of the paper, and a question that is not trained on.</summary>
/// <param name="Id">Names the embedding.</param>
/// <param name="Pairs">Content control, style control, or one of them; their answers are what E_o is optimised to evoke.</param>
/// <param name="PerceptionQuestion">Asked afterwards, never trained on; null leaves perception unchecked.</param>
/// <param name="Phrase">What the answer to it has to name.</param>
public sealed record SynthesisSample(string Id, IReadOnlyList<QuestionAnswer> Pairs, string? PerceptionQuestion, string Phrase);

/// <summary>A finished sample. Owns its tensor.</summary>
/// <param name="Sample">What was optimised.</param>
/// <param name="EncoderOutput">E_o [rows, encoder hidden], float32, on the CPU, with its layout.</param>
/// <param name="Losses">The loss before each step, and after the last.</param>
/// <param name="Attempt">0, or 1 after a re-run.</param>
/// <param name="Answer">What the model answers to the perception question, or null where it was not asked.</param>
/// <param name="Perceived">Whether that answer names the phrase.</param>
public sealed record SynthesisResult(
    SynthesisSample Sample, EncoderOutput EncoderOutput, IReadOnlyList<float> Losses, int Attempt, string? Answer, bool Perceived) : IDisposable
{
    /// <summary>File name of the real medium that it started from; null for other starts.</summary>
    public string? StartMedium { get; init; }

    /// <summary>Steps taken.</summary>
    public int Steps => Losses.Count - 1;

    /// <inheritdoc/>
    public void Dispose() => EncoderOutput.Dispose();
}
