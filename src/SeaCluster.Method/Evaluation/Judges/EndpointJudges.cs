using SeaCluster.Method.Endpoints;

namespace SeaCluster.Method.Evaluation.Judges;

/// <summary>The judges that ask a model behind an endpoint, by the names that commands and specs use.</summary>
public static class EndpointJudges
{
    /// <summary>The verdict on the answer alone, as VA-SafetyBench has it.</summary>
    public const string SafeUnsafe = "safe-unsafe";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [SafeUnsafe, "rubric", "strongreject", "llama-guard", "mm-safetybench"];

    /// <summary>The judge of a kind.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="endpoint">Borrowed.</param>
    /// <param name="model">The judge's model.</param>
    /// <param name="spending">What may be spent; null for no limit.</param>
    public static IJudge Of(string kind, ChatEndpoint endpoint, string model, Spending? spending = null) => kind switch
    {
        SafeUnsafe => new ChatJudge(endpoint, model, spending),
        "rubric" => new RubricJudge(endpoint, model, spending: spending),
        "strongreject" => new StrongRejectJudge(endpoint, model, spending),
        "llama-guard" => new LlamaGuardJudge(endpoint, model, spending),
        "mm-safetybench" => new MmSafetyBenchJudge(endpoint, model, spending),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, $"expected one of {string.Join(", ", Kinds)}"),
    };
}
