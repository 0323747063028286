using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using SeaCluster.Models;

namespace SeaCluster.Method.Endpoints;

/// <summary>
/// Asks an OpenAI-compatible endpoint: bounded concurrency, repeated on 408, 429, 5xx, lost connections and replies that are not understood, with
/// exponential waits that honour Retry-After for all requests at once, and a cache of understood replies on the disk.
/// </summary>
public sealed class ChatEndpoint : IDisposable
{
    private readonly ChatEndpointOptions _options;
    private readonly TimeProvider _time;
    private readonly ChatClient _client;
    private readonly SemaphoreSlim _slots;
    private readonly ReplyCache _cache;
    private readonly Lock _gate = new();
    private DateTimeOffset _notBefore;
    private int _failuresInARow;
    private volatile SeaException? _stopped;
    private ChatUsage _usage;

    /// <param name="options">Where and how patiently.</param>
    /// <param name="time">The clock of the waits; the system's if null.</param>
    public ChatEndpoint(ChatEndpointOptions options, TimeProvider? time = null)
    {
        _options = options;
        _time = time ?? TimeProvider.System;
        _slots = new SemaphoreSlim(options.Concurrency);
        _cache = new ReplyCache(options.CacheFolder, options.Model);
        _client = new ChatClient(options.Model, new ApiKeyCredential(options.ApiKey ?? "none"), new OpenAIClientOptions
        {
            Endpoint = options.Address,
            NetworkTimeout = options.Timeout,
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0), // Repeated here, where the clock and Retry-After are ours.
        });
    }

    /// <summary>What was asked so far.</summary>
    public ChatUsage Usage
    {
        get
        {
            lock (_gate)
            {
                return _usage;
            }
        }
    }

    /// <summary>Whether the answer to a request is on the disk.</summary>
    public bool IsCached(ChatRequest request) => _cache.Find(request) is not null;

    /// <summary>Asks until a reply is understood or the attempts are used up.</summary>
    /// <param name="request">The question.</param>
    /// <param name="understand">Gives what the reply means, or null where it makes no sense; only understood replies are cached.</param>
    /// <param name="cancellationToken">Stops the request and the waits.</param>
    /// <param name="meter">Allows each sending and is told what it took; null for none.</param>
    /// <param name="keep">Whether an understood reply may be cached; all are if null.</param>
    /// <exception cref="SeaException">The endpoint refuses the key, the address or the model, is down, or asks for a very long wait.</exception>
    public async Task<ChatReply<T>> AskAsync<T>(
        ChatRequest request, Func<string, T?> understand, CancellationToken cancellationToken, IChatMeter? meter = null, Func<T, bool>? keep = null)
        where T : class
    {
        if (_cache.Find(request) is { } found && understand(found.Text) is { } known)
        {
            Count(new ChatUsage(0, 1, 0, 0));
            return new ChatReply<T>(known, null, found.Model, Cached: true);
        }

        await _slots.WaitAsync(cancellationToken);
        try
        {
            Attempt attempt = await SendAsync(request, meter, cancellationToken);
            for (int number = 1; ; number++)
            {
                if (attempt.Text is not null)
                {
                    Answered();
                    if (understand(attempt.Text) is { } understood)
                    {
                        if (keep is null || keep(understood))
                        {
                            _cache.Keep(request, attempt.Text, attempt.Model);
                        }

                        return new ChatReply<T>(understood, null, attempt.Model, Cached: false);
                    }

                    attempt = attempt with { Failure = $"the reply was not understood: '{Excerpt(attempt.Text)}'" };
                }

                if (attempt.Final || number == _options.Attempts)
                {
                    break;
                }

                await WaitAsync(number, cancellationToken);
                attempt = await SendAsync(request, meter, cancellationToken);
            }

            if (attempt.Text is null && attempt.Sent)
            {
                Unanswered(attempt.Failure!);
            }

            return new ChatReply<T>(null, attempt.Failure, attempt.Model, Cached: false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private async Task<Attempt> SendAsync(ChatRequest request, IChatMeter? meter, CancellationToken cancellationToken)
    {
        ChatCompletionOptions options = new() { Temperature = 0, MaxOutputTokenCount = request.MaxOutputTokens };
        if (request.JsonSchema is not null)
        {
            options.ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("reply", BinaryData.FromString(request.JsonSchema), jsonSchemaIsStrict: true);
        }

        await LeaveAsync(cancellationToken);
        if (_stopped is { } stopped)
        {
            throw new SeaException(stopped.Message, stopped.Hint, stopped);
        }

        if (meter is not null && !await meter.AllowsAsync(request, cancellationToken))
        {
            return new Attempt(null, null, "the budget does not cover the request", Final: true) { Sent = false };
        }

        ChatUsage took = new(1, 0, 0, 0);
        try
        {
            ChatCompletion completion = await _client.CompleteChatAsync(
                Messages(request), options, cancellationToken);
            took = new ChatUsage(1, 0, completion.Usage?.InputTokenCount ?? 0, completion.Usage?.OutputTokenCount ?? 0);
            string text = string.Concat(completion.Content.Select(part => part.Text));

            // A model that declines a structured answer says so beside the content, a filter by the finish reason alone.
            return new Attempt(
                text.Length > 0 ? text : completion.Refusal ?? (completion.FinishReason == ChatFinishReason.ContentFilter ? "Stopped by the endpoint's content filter." : ""),
                completion.Model, null, Final: false);
        }
        catch (ClientResultException e)
        {
            return Refused(e);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Lost($"no reply within {_options.Timeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or AggregateException)
        {
            return Lost($"the connection was lost: {e.Message}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException)
        {
            return Lost($"the reply is no chat completion: {e.Message}");
        }
        finally
        {
            Count(took);
            meter?.Took(request, took);
        }
    }

    private static IEnumerable<ChatMessage> Messages(ChatRequest request)
    {
        if (request.System.Length > 0)
        {
            yield return ChatMessage.CreateSystemMessage(request.System);
        }

        yield return ChatMessage.CreateUserMessage(request.User);
        if (request.Assistant is not null)
        {
            yield return ChatMessage.CreateAssistantMessage(request.Assistant);
        }
    }

    private Attempt Refused(ClientResultException e)
    {
        string said = e.Status == 0 ? $"the connection was lost: {Excerpt(e.Message)}" : $"HTTP {e.Status}: {Excerpt(e.Message)}";
        switch (e.Status)
        {
            case 401 or 403:
                throw Stop($"{_options} refused the key. {said}", "Check the API key and what it may use.", e);
            case 404:
                throw Stop($"{_options} was not found. {said}", "Check the address (it usually ends in /v1) and the model's name.", e);
            case 408 or 429 or >= 500:
                Postpone(RetryAfter.Read(e.GetRawResponse()?.Headers, _time.GetUtcNow()), said);
                return Lost(said);
            default:
                return new Attempt(null, null, said, Final: e.Status != 0);
        }
    }

    private void Postpone(TimeSpan? wait, string said)
    {
        if (wait > _options.LongestRetryAfter)
        {
            throw Stop(
                $"{_options} asks to wait {wait.Value.TotalSeconds:0} s. {said}", "Run the same command again later: what is done is kept.");
        }

        lock (_gate)
        {
            DateTimeOffset until = _time.GetUtcNow() + (wait ?? TimeSpan.Zero);
            _notBefore = until > _notBefore ? until : _notBefore;
        }
    }

    // A wait that the endpoint asked for binds every request, not only the one that was told.
    private async Task LeaveAsync(CancellationToken cancellationToken)
    {
        for (TimeSpan wait = Remaining(); wait > TimeSpan.Zero; wait = Remaining())
        {
            await Task.Delay(wait, _time, cancellationToken);
        }
    }

    private TimeSpan Remaining()
    {
        lock (_gate)
        {
            return _notBefore - _time.GetUtcNow();
        }
    }

    private async Task WaitAsync(int attempt, CancellationToken cancellationToken)
    {
        TimeSpan doubled = _options.FirstWait * Math.Pow(2, attempt - 1);
        TimeSpan longest = doubled < _options.LongestWait ? doubled : _options.LongestWait;

        // Half of it at random, so that requests that failed together do not come back together.
        await Task.Delay(longest * (0.5 + Random.Shared.NextDouble() / 2), _time, cancellationToken);
    }

    private void Answered()
    {
        lock (_gate)
        {
            _failuresInARow = 0;
        }
    }

    private void Unanswered(string failure)
    {
        lock (_gate)
        {
            _failuresInARow++;
            if (_failuresInARow >= _options.FailuresInARow)
            {
                throw Stop(
                    $"{_options} answered none of {_failuresInARow} requests in a row. The last: {failure}",
                    "Check that the endpoint is up and accepts these requests, then run the same command again: what is done is kept.");
            }
        }
    }

    private void Count(ChatUsage more)
    {
        lock (_gate)
        {
            _usage = new ChatUsage(
                _usage.Requests + more.Requests, _usage.CacheHits + more.CacheHits, _usage.InputTokens + more.InputTokens, _usage.OutputTokens + more.OutputTokens);
        }

        _options.Used?.Invoke(more);
    }

    // What stops the work stops the requests that wait for their turn as well: none of them is sent.
    private SeaException Stop(string message, string hint, Exception? inner = null) => _stopped = new SeaException(message, hint, inner);

    private static Attempt Lost(string failure) => new(null, null, failure, Final: false);

    private static string Excerpt(string text)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= 160 ? line : $"{line[..160]}…";
    }

    private readonly record struct Attempt(string? Text, string? Model, string? Failure, bool Final)
    {
        public bool Sent { get; init; } = true;
    }
}
