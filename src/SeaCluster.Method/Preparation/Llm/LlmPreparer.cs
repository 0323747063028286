using SeaCluster.Method.Endpoints;
using SeaCluster.Method.Preparation.Offline;
using SeaCluster.Method.Preparation.Templates;
using SeaCluster.Models;

namespace SeaCluster.Method.Preparation.Llm;

/// <summary>
/// Prepares rows with a language model behind any OpenAI-compatible endpoint, as the paper does with GPT-4o-mini (data preparation): the model
/// finds the phrase, its kind and the detoxified instruction; the templates write the controls. Rows whose data set publishes the phrase are not
/// asked about.
/// </summary>
public sealed class LlmPreparer : IPreparer, IDisposable
{
    private readonly LlmPreparerOptions _options;
    private readonly RowComposer _composer;
    private readonly OfflinePreparer _offline;
    private readonly LlmPrompt _prompt;
    private readonly Spending _spending;
    private readonly ChatEndpoint _endpoint;

    /// <param name="composer">The wording, modality and seed.</param>
    /// <param name="options">The endpoint, prices and budget.</param>
    /// <param name="time">The clock of the waits; the system's if null.</param>
    /// <exception cref="SeaException">The key's variable is not set, or a budget in money comes without prices.</exception>
    public LlmPreparer(RowComposer composer, LlmPreparerOptions options, TimeProvider? time = null)
    {
        if (options.Budget is { Money: not null } && (options.InputPrice is null || options.OutputPrice is null))
        {
            throw new SeaException("A budget in money needs the prices of both directions.", "Give --price-in and --price-out (per million tokens), or a budget in tokens.");
        }

        _options = options;
        _composer = composer;
        _offline = new OfflinePreparer(composer);
        _prompt = new LlmPrompt(options, composer.Modality.Words.GetValueOrDefault("noun", composer.ModalityName));
        _spending = new Spending(options.InputPrice, options.OutputPrice, options.Budget);
        _endpoint = new ChatEndpoint(
            new ChatEndpointOptions(options.Endpoint, options.Model, ApiKey.Of(options.KeyVariable, options.Endpoint))
            {
                Concurrency = options.Concurrency,
                Attempts = options.Attempts,
                Timeout = options.Timeout,
                CacheFolder = options.CacheFolder,
                Used = options.Used,
            },
            time);
    }

    /// <inheritdoc/>
    public string Version => $"{LlmPrompt.Version}/{_options.Model}/{_composer.Version}";

    /// <inheritdoc/>
    public int Concurrency => _options.Concurrency;

    /// <inheritdoc/>
    public string Currency => _options.Currency;

    /// <inheritdoc/>
    public decimal? Price(long promptTokens, long completionTokens) => _spending.Price(promptTokens, completionTokens);

    /// <inheritdoc/>
    public RowForecast Forecast(SafetyRow row)
    {
        if (row.Known is not null)
        {
            return default;
        }

        ChatRequest request = _prompt.Request(row.Prompt);
        (long prompt, long completion) = LlmPrompt.LikelyTokens(request);
        return _endpoint.IsCached(request) ? new RowForecast(0, 0, Cached: true) : new RowForecast(prompt, completion, Cached: false);
    }

    /// <inheritdoc/>
    public async Task<PreparationOutcome> PrepareAsync(SafetyRow row, CancellationToken cancel = default)
    {
        if (row.Known is not null && _offline.Prepare(row, Version) is { Row: not null } published)
        {
            return published;
        }

        SpendingMeter meter = new(_spending);
        int broken = 0;
        ChatReply<LlmAnswer> reply = await _endpoint.AskAsync(
            _prompt.Request(row.Prompt),
            text => Understand(text, ref broken),
            cancel,
            meter,
            keep: answer => Compose(row, answer, default).Row is not null);
        ChatUsage took = meter.Usage;
        RowUsage usage = new(took.InputTokens, took.OutputTokens, (int)took.Requests, (int)Math.Max(0, took.Requests - 1), reply.Cached);
        return reply.Value is { } answer ? Compose(row, answer, usage)
            : meter.OverBudget ? new PreparationOutcome(null, null, null, usage) { OverBudget = true }
            : PreparationOutcome.Rejected(RejectionCode.Endpoint, reply.Failure ?? "the endpoint gave no answer", usage);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _endpoint.Dispose();
        _spending.Dispose();
    }

    private LlmAnswer? Understand(string text, ref int broken)
    {
        (LlmAnswer? answer, string problem) = LlmAnswer.Read(text);
        broken += answer is null ? 1 : 0;
        return answer ?? (broken >= _options.AnswerAttempts ? new LlmAnswer("", "", "", "") { Broken = $"{problem}, {broken} times: '{Excerpt(text)}'" } : null);
    }

    private PreparationOutcome Compose(SafetyRow row, LlmAnswer answer, RowUsage usage)
    {
        if (answer.Refusal is not null)
        {
            return PreparationOutcome.Rejected(RejectionCode.Refused, $"the model declined: '{Excerpt(answer.Refusal)}'", usage);
        }

        if (answer.Broken is not null)
        {
            return PreparationOutcome.Rejected(RejectionCode.BrokenAnswer, answer.Broken, usage);
        }

        if (answer.Kind is not ("activity" or "product"))
        {
            return answer.Kind == "none"
                ? PreparationOutcome.Rejected(RejectionCode.NoPhrase, "the model found no activity or product in the prompt", usage)
                : PreparationOutcome.Rejected(RejectionCode.Invalid, $"'kind' is '{answer.Kind}', expected activity or product", usage);
        }

        (int start, int length) = Words.Find(row.Prompt, answer.Phrase, 0);
        string phrase = length > 0 ? string.Join(' ', row.Prompt.Substring(start, length).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) : answer.Phrase;
        FoundPhrase found = _offline.Describe(phrase, answer.Kind == "product" ? PhraseKind.Product : PhraseKind.Activity, answer.Detoxified) with
        {
            // A sentence that does not hold the phrase would fail validation for no fault of the phrase: the templates' is taken.
            Sentence = Words.Contains(answer.Sentence, phrase) ? answer.Sentence : null,
        };
        return PreparationOutcome.Of(_composer.Compose(row, found, Version), usage);
    }

    private static string Excerpt(string text)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= 160 ? line : $"{line[..160]}…";
    }
}
