namespace SeaCluster.Method.Alignment;

/// <summary>What an objective computed in one step.</summary>
/// <param name="Loss">Value of the loss.</param>
/// <param name="Rows">Rows used.</param>
/// <param name="Tokens">Tokens computed, forward and backward; rows that share a beginning share its tokens.</param>
/// <param name="SequenceTokens">Tokens of the rows' prompts and answers, media tokens included, counted as if each stood alone.</param>
/// <param name="LabelTokens">Tokens that were predicted.</param>
/// <param name="Others">Further figures by the names that TRL logs.</param>
public sealed record StepLoss(double Loss, int Rows, int Tokens, int SequenceTokens, int LabelTokens, IReadOnlyList<KeyValuePair<string, double>> Others);

/// <summary>One optimiser step.</summary>
/// <param name="Step">From 1.</param>
/// <param name="Computed">What the objective gave.</param>
/// <param name="GradNorm">Joint L2 norm of the gradient before clipping.</param>
/// <param name="LearningRate">Step size used.</param>
/// <param name="Seconds">Wall time.</param>
/// <param name="TotalTokens">Sum of <see cref="StepLoss.SequenceTokens"/> over all steps so far, earlier starts included.</param>
public sealed record StepMetrics(int Step, StepLoss Computed, double GradNorm, double LearningRate, double Seconds, long TotalTokens)
{
    /// <summary>Value of the loss.</summary>
    public double Loss => Computed.Loss;

    /// <summary>Tokens a second.</summary>
    public double TokensPerSecond => Seconds > 0 ? Computed.Tokens / Seconds : 0;

    /// <summary>All figures, under the names that TRL logs where it has them.</summary>
    public IReadOnlyDictionary<string, double> ToDictionary()
    {
        Dictionary<string, double> all = new(StringComparer.Ordinal)
        {
            ["step"] = Step,
            ["loss"] = Loss,
            ["grad_norm"] = GradNorm,
            ["learning_rate"] = LearningRate,
            ["num_tokens"] = TotalTokens,
            ["step_tokens"] = Computed.Tokens,
            ["label_tokens"] = Computed.LabelTokens,
            ["tokens_per_second"] = TokensPerSecond,
        };
        foreach ((string name, double value) in Computed.Others)
        {
            all[name] = value;
        }

        return all;
    }
}
