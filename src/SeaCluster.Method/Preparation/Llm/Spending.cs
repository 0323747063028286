using SeaCluster.Method.Endpoints;

namespace SeaCluster.Method.Preparation.Llm;

/// <summary>
/// Keeps a run inside its budget: each request first sets aside the most it can take, and is not sent where that does not fit any more.
/// </summary>
/// <param name="options">Prices and budget.</param>
internal sealed class Spending(LlmPreparerOptions options) : IDisposable
{
    private readonly Lock _gate = new();

    // One asks at a time, in the order of asking: a later row does not take what an earlier one waits for.
    private readonly SemaphoreSlim _turn = new(1);
    private bool _spent;
    private long _prompt;
    private long _completion;
    private long _setAsidePrompt;
    private long _setAsideCompletion;
    private TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The price of some tokens; null where a price is unknown.</summary>
    public decimal? Price(long prompt, long completion) =>
        options is { InputPrice: { } input, OutputPrice: { } output } ? (prompt * input + completion * output) / 1_000_000m : null;

    /// <summary>
    /// Sets the tokens aside; false where the budget does not cover them. Where it would if the requests under way took less than the most they
    /// can, waits for them. Once it was false it stays so.
    /// </summary>
    public async ValueTask<bool> SetAsideAsync(long prompt, long completion, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            while (MustWait(prompt, completion, out Task settled))
            {
                await settled.WaitAsync(cancel);
            }

            return !_spent;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Replaces what was set aside by what was taken.</summary>
    public void Settle(long prompt, long completion, long tookPrompt, long tookCompletion)
    {
        lock (_gate)
        {
            _setAsidePrompt -= prompt;
            _setAsideCompletion -= completion;
            _prompt += tookPrompt;
            _completion += tookCompletion;
            _settled.SetResult();
            _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    // False where it is decided: set aside, or spent. Else there is something to wait for before trying again.
    private bool MustWait(long prompt, long completion, out Task settled)
    {
        lock (_gate)
        {
            settled = _settled.Task;
            bool fits = !_spent && Fits(_prompt + _setAsidePrompt + prompt, _completion + _setAsideCompletion + completion);
            if (fits)
            {
                _setAsidePrompt += prompt;
                _setAsideCompletion += completion;
                return false;
            }

            _spent |= _setAsidePrompt + _setAsideCompletion == 0;
            return !_spent;
        }
    }

    private bool Fits(long prompt, long completion) => options.Budget switch
    {
        { Tokens: { } tokens } => prompt + completion <= tokens,
        { Money: { } money } => Price(prompt, completion) <= money,
        _ => true,
    };
}

/// <summary>What one row's requests took, under the run's <see cref="Spending"/>.</summary>
internal sealed class RowMeter(Spending spending, LlmPrompt prompt) : IChatMeter
{
    private int _requests;
    private long _prompt;
    private long _completion;

    /// <summary>Whether a request was not sent because the budget is spent.</summary>
    public bool OverBudget { get; private set; }

    /// <summary>What was taken so far.</summary>
    public RowUsage Usage(bool cached) => new(_prompt, _completion, _requests, Math.Max(0, _requests - 1), cached);

    /// <inheritdoc/>
    public async ValueTask<bool> AllowsAsync(ChatRequest request, CancellationToken cancellationToken)
    {
        bool allowed = await spending.SetAsideAsync(prompt.MostPromptTokens(request), request.MaxOutputTokens, cancellationToken);
        OverBudget |= !allowed;
        return allowed;
    }

    /// <inheritdoc/>
    public void Took(ChatRequest request, ChatUsage usage)
    {
        _requests += (int)usage.Requests;
        _prompt += usage.InputTokens;
        _completion += usage.OutputTokens;
        spending.Settle(prompt.MostPromptTokens(request), request.MaxOutputTokens, usage.InputTokens, usage.OutputTokens);
    }
}
