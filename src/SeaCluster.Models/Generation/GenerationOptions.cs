namespace SeaCluster.Models.Generation;

/// <summary>How answers are generated.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens of an answer.</summary>
    public int MaxNewTokens { get; init; } = 300;

    /// <summary>0 takes the most likely token; above, the logits are divided by it and a token is drawn.</summary>
    public double Temperature { get; init; }

    /// <summary>Draw among the so many most likely tokens; 0 = all.</summary>
    public int TopK { get; init; }

    /// <summary>Draw among the most likely tokens that together have this probability; 1 = all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>
    /// Draws make tokens that stand in the prompt or the answer already less likely: their logit is divided by it where it is positive, multiplied where it is negative (Keskar et al.
    /// 2019). 1 leaves them; the most likely token (temperature 0) is not affected.
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Seed of the draws; a request's draws depend on it and on the request's index alone.</summary>
    public long Seed { get; init; }

    /// <summary>Most prompt tokens in one batch.</summary>
    public int BatchTokens { get; init; } = 8192;
}

/// <summary>One question to answer.</summary>
/// <param name="Prompt">The question, rendered, without an answer.</param>
/// <param name="EncoderOutput">E_o [rows, encoder hidden] of its medium, or null.</param>
public sealed record GenerationRequest(Prompts.EncodedPrompt Prompt, TorchSharp.torch.Tensor? EncoderOutput = null);
