namespace SeaCluster.Method.Preparation;

/// <summary>A run's counts while it goes on.</summary>
internal sealed class Tally
{
    private readonly SortedDictionary<string, long> _rejected = new(StringComparer.Ordinal);
    private long _duplicates;
    private long _bad;
    private long _done;
    private long _prepared;
    private long _cached;
    private long _requests;
    private long _retries;
    private long _prompt;
    private long _completion;

    public PreparationForecast Forecast { get; set; } = new(0, 0, 0, 0, 0, 0, 0, null, null);

    /// <summary>Rows left because the budget is spent.</summary>
    public long Left { get; private set; }

    public bool OverBudget => Left > 0;

    /// <summary>Lines written.</summary>
    public long Written => _prepared + _duplicates + _bad + _rejected.Values.Sum();

    /// <summary>A row that is not worked on: done before, or left.</summary>
    public void Skip(bool done)
    {
        _done += done ? 1 : 0;
        Left += done ? 0 : 1;
    }

    public void Count(RowProblem? problem, PreparationOutcome? outcome)
    {
        if (problem is not null)
        {
            _duplicates += problem.Code == RejectionCode.Duplicate ? 1 : 0;
            _bad += problem.Code == RejectionCode.BadRow ? 1 : 0;
            return;
        }

        _prepared += outcome!.Row is null ? 0 : 1;
        Left += outcome.OverBudget ? 1 : 0;
        if (outcome.Code is { } code)
        {
            _rejected[code] = _rejected.GetValueOrDefault(code) + 1;
        }

        _cached += outcome.Usage.Cached ? 1 : 0;
        _requests += outcome.Usage.Requests;
        _retries += outcome.Usage.Retries;
        _prompt += outcome.Usage.PromptTokens;
        _completion += outcome.Usage.CompletionTokens;
    }

    public PreparationProgress Progress(IPreparer preparer)
    {
        long rejected = _rejected.Values.Sum();
        return new(_done + _prepared + rejected, Forecast, _prepared, rejected, _prompt, _completion, preparer.Price(_prompt, _completion));
    }

    public PreparationReport Report(IPreparer preparer, long left, double seconds)
    {
        long rejected = _rejected.Values.Sum();
        long read = _duplicates + _bad + _done + _prepared + rejected + Left;
        return new(preparer.Version, read, _duplicates, _bad, _done, _prepared, _rejected, left, _cached, _requests, _retries, _prompt, _completion,
            preparer.Price(_prompt, _completion), preparer.Currency, seconds);
    }
}
