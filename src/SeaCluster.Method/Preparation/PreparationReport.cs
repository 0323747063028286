namespace SeaCluster.Method.Preparation;

/// <summary>What is to be done and what it will take.</summary>
/// <param name="Rows">Rows that can be read and are no duplicates.</param>
/// <param name="Duplicates">Rows whose prompt came earlier.</param>
/// <param name="Bad">Rows that cannot be read.</param>
/// <param name="AlreadyDone">Rows that an earlier run prepared or rejected.</param>
/// <param name="Cached">Rows to do whose answer is in the cache.</param>
/// <param name="PromptTokens">Tokens that will be sent, estimated.</param>
/// <param name="CompletionTokens">Tokens that will be received, estimated.</param>
/// <param name="Cost">Their price; null where the prices are unknown.</param>
/// <param name="Currency">The prices' currency.</param>
public sealed record PreparationForecast(
    long Rows, long Duplicates, long Bad, long AlreadyDone, long Cached, long PromptTokens, long CompletionTokens, decimal? Cost, string? Currency)
{
    /// <summary>Rows to do.</summary>
    public long Left => Rows - AlreadyDone;
}

/// <summary>What a run did. Also written to <c>preparation.json</c>.</summary>
/// <param name="Preparer">Name and version of the preparer.</param>
/// <param name="Read">Rows read, bad ones and duplicates among them.</param>
/// <param name="Duplicates">Rows whose prompt came earlier.</param>
/// <param name="Bad">Rows that could not be read.</param>
/// <param name="AlreadyDone">Rows that an earlier run had prepared or rejected.</param>
/// <param name="Prepared">Rows written to <c>prepared.jsonl</c>.</param>
/// <param name="Rejected">Rows written to <c>rejected.jsonl</c> after reading, by <see cref="RejectionCode"/>.</param>
/// <param name="Left">Rows left for a later run because the budget is spent.</param>
/// <param name="Cached">Rows whose answer came from the cache.</param>
/// <param name="Requests">Requests made, repeated ones among them.</param>
/// <param name="Retries">Requests that were made again.</param>
/// <param name="PromptTokens">Tokens sent, as the endpoint counted them.</param>
/// <param name="CompletionTokens">Tokens received.</param>
/// <param name="Cost">Their price; null where the prices are unknown.</param>
/// <param name="Currency">The prices' currency.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record PreparationReport(
    string Preparer,
    long Read,
    long Duplicates,
    long Bad,
    long AlreadyDone,
    long Prepared,
    IReadOnlyDictionary<string, long> Rejected,
    long Left,
    long Cached,
    long Requests,
    long Retries,
    long PromptTokens,
    long CompletionTokens,
    decimal? Cost,
    string? Currency,
    double Seconds)
{
    /// <summary>Whether rows were left because the budget is spent.</summary>
    public bool StoppedByBudget => Left > 0;
}

/// <summary>How far a run is; given after each row.</summary>
/// <param name="Done">Rows done, earlier runs' among them.</param>
/// <param name="Forecast">What was found before the start.</param>
/// <param name="Prepared">Rows prepared by this run.</param>
/// <param name="Rejected">Rows rejected by this run.</param>
/// <param name="PromptTokens">Tokens sent so far.</param>
/// <param name="CompletionTokens">Tokens received so far.</param>
/// <param name="Cost">Their price; null where the prices are unknown.</param>
public readonly record struct PreparationProgress(
    long Done, PreparationForecast Forecast, long Prepared, long Rejected, long PromptTokens, long CompletionTokens, decimal? Cost);
