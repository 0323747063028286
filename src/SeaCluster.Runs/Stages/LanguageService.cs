using SeaCluster.Method.Endpoints;
using SeaCluster.Method.Evaluation.Judges;
using SeaCluster.Method.Preparation;
using SeaCluster.Method.Preparation.Llm;
using SeaCluster.Runs.Specs;
using SeaCluster.Runs.Telemetry;

namespace SeaCluster.Runs.Stages;

/// <summary>The language models behind endpoints that a spec names: its preparer and its judge.</summary>
public static class LanguageService
{
    /// <summary>The preparer of <c>prepare.preparer: llm</c>.</summary>
    /// <param name="llm">With endpoint and model.</param>
    /// <param name="composer">The wording.</param>
    /// <param name="cache">Folder of answers.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="Models.SeaException">The key is not set.</exception>
    public static LlmPreparer Preparer(LlmOptions llm, RowComposer composer, string cache, TimeProvider time) => new(
        composer,
        new LlmPreparerOptions
        {
            Endpoint = new Uri(llm.Endpoint!),
            Model = llm.Model!,
            KeyVariable = llm.ApiKeyVariable,
            Concurrency = llm.Concurrency,
            Timeout = llm.Timeout,
            Attempts = llm.Retries + 1,
            CacheFolder = cache,
            InputPrice = (decimal?)llm.InputPrice,
            OutputPrice = (decimal?)llm.OutputPrice,
            Budget = BudgetOf(llm),
            Used = LanguageInstruments.For("prepare", (decimal?)llm.InputPrice, (decimal?)llm.OutputPrice),
        },
        time);

    /// <summary>A judge that asks a model.</summary>
    /// <param name="kind">Any but <see cref="JudgeKind.Refusal"/>.</param>
    /// <param name="llm">With endpoint and model.</param>
    /// <param name="cache">Folder of verdicts.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="Models.SeaException">The key is not set.</exception>
    public static JudgeService Judge(JudgeKind kind, LlmOptions llm, string cache, TimeProvider time)
    {
        Uri address = new(llm.Endpoint!);
        ChatEndpointOptions options = new(address, llm.Model!, ApiKey.Of(llm.ApiKeyVariable, address))
        {
            Concurrency = llm.Concurrency,
            Timeout = llm.Timeout,
            Attempts = llm.Retries + 1,
            CacheFolder = cache,
            Used = LanguageInstruments.For("judge", (decimal?)llm.InputPrice, (decimal?)llm.OutputPrice),
        };
        string name = kind switch
        {
            JudgeKind.Rubric => "rubric",
            JudgeKind.Strongreject => "strongreject",
            JudgeKind.LlamaGuard => "llama-guard",
            JudgeKind.MmSafetybench => "mm-safetybench",
            _ => EndpointJudges.SafeUnsafe,
        };
        return new JudgeService(new ChatEndpoint(options, time), name, llm.Model!, new Spending((decimal?)llm.InputPrice, (decimal?)llm.OutputPrice, BudgetOf(llm)));
    }

    private static TokenBudget? BudgetOf(LlmOptions llm) => llm.Budget is { } money ? new TokenBudget(null, (decimal)money) : null;
}

/// <summary>A judge with its connection and its budget.</summary>
public sealed class JudgeService(ChatEndpoint endpoint, string kind, string model, Spending spending) : IDisposable
{
    /// <summary>The judge.</summary>
    public IJudge Judge { get; } = EndpointJudges.Of(kind, endpoint, model, spending);

    /// <summary>What it was asked so far.</summary>
    public ChatUsage Usage => endpoint.Usage;

    /// <summary>What that cost; null without prices.</summary>
    public decimal? Cost => spending.Price(Usage.InputTokens, Usage.OutputTokens);

    /// <summary>Whether answers were left unjudged because the budget does not cover them.</summary>
    public bool BudgetSpent => spending.Spent;

    /// <inheritdoc/>
    public void Dispose()
    {
        endpoint.Dispose();
        spending.Dispose();
    }
}
