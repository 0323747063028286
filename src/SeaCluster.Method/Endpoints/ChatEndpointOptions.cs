using System.Text.Json.Serialization;

namespace SeaCluster.Method.Endpoints;

/// <summary>An OpenAI-compatible chat endpoint and how patiently it is asked.</summary>
/// <param name="Address">The base address, such as <c>https://api.openai.com/v1</c> or <c>http://localhost:8000/v1</c>.</param>
/// <param name="Model">The model's name at the endpoint.</param>
/// <param name="ApiKey">The bearer key; null where the endpoint wants none.</param>
public sealed record ChatEndpointOptions(Uri Address, string Model, string? ApiKey = null)
{
    /// <summary>How many requests may be under way at once.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>How often a request is sent before it counts as failed.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The wait before the second attempt; it doubles with each further one.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between attempts, unless the endpoint itself asks for more.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait that an endpoint may ask for with Retry-After; beyond it the work stops, to be resumed later.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long one attempt may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>After so many requests in a row that all failed, the endpoint counts as down and the work stops.</summary>
    public int FailuresInARow { get; init; } = 8;

    /// <summary>Where accepted replies are kept, keyed by model and prompt; null for none.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Told what every question took, on any thread; null for nobody.</summary>
    public Action<ChatUsage>? Used { get; init; }

    /// <summary>Never prints the key.</summary>
    public override string ToString() => $"{Model} at {Address}";
}

/// <summary>One question to a chat endpoint, asked at temperature 0.</summary>
/// <param name="System">The system message; none is sent where it is empty.</param>
/// <param name="User">The user message.</param>
/// <param name="MaxOutputTokens">The longest reply.</param>
/// <param name="JsonSchema">A JSON schema that the reply must follow (structured output); null for plain text.</param>
public sealed record ChatRequest(string System, string User, int MaxOutputTokens, string? JsonSchema = null)
{
    /// <summary>What an assistant answered to the user message, for models that judge a conversation; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Assistant { get; init; }
}

/// <summary>A reply that was understood, or why there is none.</summary>
/// <param name="Value">What the reply was understood as; null on failure.</param>
/// <param name="Failure">Why there is no value; null on success.</param>
/// <param name="Model">The model as the endpoint reports it.</param>
/// <param name="Cached">Whether it came from the disk.</param>
public sealed record ChatReply<T>(T? Value, string? Failure, string? Model, bool Cached)
    where T : class;

/// <summary>What an endpoint was asked so far.</summary>
/// <param name="Requests">Requests that reached it, repeated ones included.</param>
/// <param name="CacheHits">Replies from the disk.</param>
/// <param name="InputTokens">Prompt tokens, as the endpoint counts them.</param>
/// <param name="OutputTokens">Reply tokens, as the endpoint counts them.</param>
public readonly record struct ChatUsage(long Requests, long CacheHits, long InputTokens, long OutputTokens);

/// <summary>Watches what the attempts of one question take, and may stop them.</summary>
public interface IChatMeter
{
    /// <summary>Asked before each sending, and may wait; false leaves the question unanswered.</summary>
    ValueTask<bool> AllowsAsync(ChatRequest request, CancellationToken cancellationToken);

    /// <summary>Told after each sending, answered or not.</summary>
    void Took(ChatRequest request, ChatUsage usage);
}
