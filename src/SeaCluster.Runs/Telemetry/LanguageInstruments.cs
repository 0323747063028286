using System.Diagnostics.Metrics;
using SeaCluster.Method.Endpoints;

namespace SeaCluster.Runs.Telemetry;

/// <summary>What this process asked of language models behind endpoints.</summary>
internal static class LanguageInstruments
{
    private static readonly Counter<long> s_requests = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.llm.requests", "{request}", "Requests that reached a language model's endpoint, repeated ones included.");
    private static readonly Counter<long> s_cached = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.llm.cached", "{request}", "Questions answered from the run's cache, without a request.");
    private static readonly Counter<long> s_tokens = SeaInstrumentation.Meter.CreateCounter<long>("seacluster.llm.tokens", "{token}", "Tokens that endpoints billed, by direction.");
    private static readonly Counter<double> s_cost = SeaInstrumentation.Meter.CreateCounter<double>("seacluster.llm.cost", "{currency}", "Cost of those tokens, in the currency of the spec's prices; absent without prices.");

    /// <summary>What is told of every use of an endpoint.</summary>
    /// <param name="purpose">prepare or judge.</param>
    /// <param name="input">Price of a million tokens in, or null.</param>
    /// <param name="output">Price of a million tokens out, or null.</param>
    public static Action<ChatUsage> For(string purpose, decimal? input, decimal? output)
    {
        KeyValuePair<string, object?> tag = new(SeaTags.Purpose, purpose);
        Count(default);
        return Count;

        void Count(ChatUsage used)
        {
            s_requests.Add(used.Requests, tag);
            s_cached.Add(used.CacheHits, tag);
            s_tokens.Add(used.InputTokens, tag, new KeyValuePair<string, object?>(SeaTags.Direction, "input"));
            s_tokens.Add(used.OutputTokens, tag, new KeyValuePair<string, object?>(SeaTags.Direction, "output"));
            if (input is { } priceIn && output is { } priceOut)
            {
                s_cost.Add((double)(((used.InputTokens * priceIn) + (used.OutputTokens * priceOut)) / 1_000_000m), tag);
            }
        }
    }
}
