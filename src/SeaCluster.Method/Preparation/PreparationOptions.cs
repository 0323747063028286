using SeaCluster.Method.Preparation.Rows;

namespace SeaCluster.Method.Preparation;

/// <summary>What <see cref="PreparationRun"/> reads and writes.</summary>
public sealed record PreparationOptions
{
    /// <summary><c>--data</c>: files to read, in order: .jsonl, .json, .csv or .tsv. At least one.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary><c>--out</c>: the folder for <c>prepared.jsonl</c>, <c>rejected.jsonl</c> and <c>preparation.json</c>; made where it is missing.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>
    /// What tells this preparation's files from others' in the same folder: with "benign" they are <c>prepared-benign.jsonl</c> and so on. Default
    /// empty. Not a command-line option.
    /// </summary>
    public string Name { get; init; } = "";

    /// <summary>Where prepared rows go.</summary>
    public string PreparedFile => FileOf("prepared", "jsonl");

    /// <summary>Where rejected rows go.</summary>
    public string RejectedFile => FileOf("rejected", "jsonl");

    /// <summary>Where the report goes.</summary>
    public string ReportFile => FileOf("preparation", "json");

    internal string LockFile => FileOf(".preparation", "lock");

    /// <summary><c>--max-row-bytes</c>: a longer row is rejected unread. Default 1 MiB.</summary>
    public int MaxRowBytes { get; init; } = RowReader.DefaultMaxRowBytes;

    /// <summary>
    /// <c>--require-response</c>: reject rows without a response instead of giving them a default refusal. For benign data, where a refusal would
    /// teach the wrong thing. Default off.
    /// </summary>
    public bool RequireResponse { get; init; }

    /// <summary><c>--limit</c>: stop after so many rows were read. Default null: all.</summary>
    public long? Limit { get; init; }

    /// <summary><c>--restart</c>: throw away what an earlier run wrote to the folder instead of going on with it. Default off.</summary>
    public bool Restart { get; init; }

    /// <summary><c>--retry-rejected</c>: work again on rows that an earlier run rejected. Default off; rows lost to the endpoint are always tried again.</summary>
    public bool RetryRejected { get; init; }

    /// <summary><c>--forecast</c>: count rows, tokens and cost and write nothing. Default off.</summary>
    public bool ForecastOnly { get; init; }

    private string FileOf(string stem, string extension) => Path.Combine(OutputFolder, Name.Length == 0 ? $"{stem}.{extension}" : $"{stem}-{Name}.{extension}");
}

/// <summary>What both preparers share.</summary>
public sealed record PreparerOptions
{
    /// <summary><c>--modality</c>: what the controls speak about: <c>image</c>, <c>audio</c>, <c>video</c>, or one that the templates add. Default image.</summary>
    public string Modality { get; init; } = "image";

    /// <summary><c>--templates</c>: a JSON file whose parts replace the built-in wording and rules. Default null: built-in.</summary>
    public string? TemplatesFile { get; init; }

    /// <summary><c>--seed</c>: changes which style, question, refusal and prefix a row draws. Default 0.</summary>
    public int Seed { get; init; }
}

/// <summary>How the LLM preparer asks.</summary>
public sealed record LlmPreparerOptions
{
    /// <summary><c>--llm</c>: base address of an OpenAI-compatible endpoint, such as <c>http://localhost:8000/v1</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary><c>--llm-model</c>: the model's name at the endpoint.</summary>
    public required string Model { get; init; }

    /// <summary><c>--llm-key-env</c>: name of the environment variable that holds the key. Default OPENAI_API_KEY. An endpoint on this machine needs none.</summary>
    public string KeyVariable { get; init; } = "OPENAI_API_KEY";

    /// <summary><c>--llm-concurrency</c>: requests under way at once. Default 8.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary><c>--llm-attempts</c>: how often a request is sent in all before its row counts as lost. Default 5.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary><c>--llm-answer-attempts</c>: how often an answer may be broken JSON before its row is rejected. Default 2.</summary>
    public int AnswerAttempts { get; init; } = 2;

    /// <summary><c>--llm-timeout</c>: the longest time for one request. Default 60 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>--llm-max-tokens</c>: the longest answer, in tokens. Default 400.</summary>
    public int MaxOutputTokens { get; init; } = 400;

    /// <summary><c>--llm-schema</c>: send the JSON schema of the answer (structured output); off for endpoints that do not know it. Default on.</summary>
    public bool StructuredOutput { get; init; } = true;

    /// <summary><c>--cache</c>: folder of answers kept between runs. Default null: none.</summary>
    public string? CacheFolder { get; init; }

    /// <summary><c>--price-in</c>: price of a million prompt tokens. Default null: tokens are counted, cost is not.</summary>
    public decimal? InputPrice { get; init; }

    /// <summary><c>--price-out</c>: price of a million answer tokens. Default null.</summary>
    public decimal? OutputPrice { get; init; }

    /// <summary><c>--currency</c>: the prices' currency, for printing. Default USD.</summary>
    public string Currency { get; init; } = "USD";

    /// <summary><c>--budget</c>: where to stop: tokens ("200000", "200k tokens") or money ("2.50 USD"; needs the prices). Default null: no limit.</summary>
    public Endpoints.TokenBudget? Budget { get; init; }

    /// <summary>Told what every question took, on any thread; null for nobody.</summary>
    public Action<Endpoints.ChatUsage>? Used { get; init; }
}
