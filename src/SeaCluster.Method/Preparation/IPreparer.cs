namespace SeaCluster.Method.Preparation;

/// <summary>Turns a safety row into a prepared row.</summary>
public interface IPreparer
{
    /// <summary>Name and version of the preparer, its templates and its model: equal versions write equal rows.</summary>
    string Version { get; }

    /// <summary>How many rows may be in work at once; 1 where the preparer does not wait for anything.</summary>
    int Concurrency { get; }

    /// <summary>The currency of <see cref="Price"/>; null where nothing is paid.</summary>
    string? Currency { get; }

    /// <summary>The price of tokens; null where it is unknown.</summary>
    decimal? Price(long promptTokens, long completionTokens);

    /// <summary>What the row will take, before any of it is spent.</summary>
    RowForecast Forecast(SafetyRow row);

    /// <summary>Prepares one row. Never throws for what is in the row.</summary>
    /// <exception cref="Models.SeaException">The preparer cannot work at all (wrong key, unknown model).</exception>
    Task<PreparationOutcome> PrepareAsync(SafetyRow row, CancellationToken cancel = default);
}

/// <summary>The tokens a row is expected to take.</summary>
/// <param name="PromptTokens">Tokens sent, estimated.</param>
/// <param name="CompletionTokens">Tokens received, estimated.</param>
/// <param name="Cached">Whether the answer is in the cache, so that nothing is spent.</param>
public readonly record struct RowForecast(long PromptTokens, long CompletionTokens, bool Cached);

/// <summary>What became of a row: prepared, rejected, or left because the budget is spent.</summary>
/// <param name="Row">The prepared row, or null.</param>
/// <param name="Code">Why it was rejected (one of <see cref="RejectionCode"/>), or null.</param>
/// <param name="Reason">The reason in words, or null.</param>
/// <param name="Usage">What was spent on it.</param>
public sealed record PreparationOutcome(PreparedRow? Row, string? Code, string? Reason, RowUsage Usage)
{
    /// <summary>Whether the row was left as it is because the budget does not cover it.</summary>
    public bool OverBudget { get; init; }

    /// <summary>A prepared row, or a rejection where it does not pass <see cref="RowValidation"/>.</summary>
    public static PreparationOutcome Of(PreparedRow row, RowUsage usage = default) =>
        RowValidation.Check(row) is { } wrong ? Rejected(RejectionCode.Invalid, wrong, usage) : new(row, null, null, usage);

    /// <summary>A rejected row.</summary>
    public static PreparationOutcome Rejected(string code, string reason, RowUsage usage = default) => new(null, code, reason, usage);
}

/// <summary>What a row took.</summary>
/// <param name="PromptTokens">Tokens sent, as the endpoint counted them.</param>
/// <param name="CompletionTokens">Tokens received.</param>
/// <param name="Requests">Requests made, retries among them.</param>
/// <param name="Retries">Requests that were made again.</param>
/// <param name="Cached">Whether the answer came from the cache.</param>
public readonly record struct RowUsage(long PromptTokens, long CompletionTokens, int Requests, int Retries, bool Cached);
