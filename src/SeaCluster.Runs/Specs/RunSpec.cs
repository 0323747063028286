namespace SeaCluster.Runs.Specs;

/// <summary>
/// Everything a run is told, with every default in this file. A spec file is YAML with these names in snake case; the annotated example
/// is <c>samples/run.example.yaml</c>. Paths are absolute once a spec was read from a file.
/// </summary>
public sealed record RunSpec
{
    /// <summary>A name for people; the spec file's name when left out.</summary>
    [SpecOption(Operational = true)]
    public string? Name { get; init; }

    /// <summary>The seed from which every stage derives its own.</summary>
    [SpecOption(Minimum = 0)]
    public long Seed { get; init; }

    /// <summary>The run folder; <c>runs/NAME</c> when left out.</summary>
    [SpecOption(Operational = true, Path = true)]
    public string? Out { get; init; }

    /// <summary>The database that holds the ledger, <c>postgres://USER@HOST:PORT/DATABASE?schema=NAME</c>; <c>ledger.db</c> in the run folder when left out.</summary>
    [SpecOption(Operational = true)]
    public string? Ledger { get; init; }

    /// <summary>The frozen model.</summary>
    public ModelOptions Model { get; init; } = new();

    /// <summary>The rows.</summary>
    public DataOptions Data { get; init; } = new();

    /// <summary>Rows to prepared rows.</summary>
    public PrepareOptions Prepare { get; init; } = new();

    /// <summary>Prepared rows to encoder outputs.</summary>
    public SynthesizeOptions Synthesize { get; init; } = new();

    /// <summary>Encoder outputs and text to an adapter.</summary>
    public AlignOptions Align { get; init; } = new();

    /// <summary>Adapter to attack success rates.</summary>
    public EvaluateOptions Evaluate { get; init; } = new();

    /// <summary>How the work is leased and retried.</summary>
    public WorkOptions Work { get; init; } = new();
}

/// <summary>The model that is read and, after alignment, adapted.</summary>
public sealed record ModelOptions
{
    /// <summary>A checkpoint folder in the Hugging Face layout.</summary>
    [SpecOption(Required = true, Path = true, Names = PathKind.Folder)]
    public string Path { get; init; } = "";

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; auto takes the first GPU, else the CPU.</summary>
    [SpecOption(Operational = true)]
    public string Device { get; init; } = "auto";

    /// <summary>The weights' type on the device; auto is float32 on the CPU and bfloat16 on a GPU.</summary>
    public WeightType Dtype { get; init; }
}

/// <summary>The type in which weights are held.</summary>
public enum WeightType
{
    /// <summary>float32 on the CPU, bfloat16 on a GPU.</summary>
    Auto,

    /// <summary>32 bits.</summary>
    Float32,

    /// <summary>16 bits, eight of them exponent.</summary>
    Bfloat16,
}

/// <summary>The rows that a run starts from.</summary>
public sealed record DataOptions
{
    /// <summary>Harmful instructions with the answers wanted instead: JSONL, JSON or CSV.</summary>
    [SpecOption(Required = true, Path = true)]
    public string Path { get; init; } = "";

    /// <summary>Harmless instructions with their answers, in the same formats.</summary>
    [SpecOption(Path = true)]
    public string? Benign { get; init; }

    /// <summary>Harmless rows that also name a real medium (<c>media</c>, relative to the file).</summary>
    [SpecOption(Path = true)]
    public string? BenignMedia { get; init; }

    /// <summary>Harmful rows that also name a real medium: only for the real-media baseline.</summary>
    [SpecOption(Path = true)]
    public string? HarmfulMedia { get; init; }

    /// <summary>A folder of <c>sea eraser</c>: its rows take the mix's place where align.method is eraser.</summary>
    [SpecOption(Path = true, Names = PathKind.Folder)]
    public string? Eraser { get; init; }

    /// <summary>Read at most so many rows of each file.</summary>
    [SpecOption(Minimum = 1)]
    public int? Limit { get; init; }
}

/// <summary>How rows become prepared rows.</summary>
public sealed record PrepareOptions
{
    /// <summary>Rules and a lexicon, or a language model behind an endpoint.</summary>
    public Preparer Preparer { get; init; }

    /// <summary>A file with the control questions to use in place of the built-in ones.</summary>
    [SpecOption(Path = true)]
    public string? Templates { get; init; }

    /// <summary>The endpoint of the llm preparer.</summary>
    public LlmOptions Llm { get; init; } = new();
}

/// <summary>Who extracts phrases and writes control pairs.</summary>
public enum Preparer
{
    /// <summary>Rules and a lexicon; no network.</summary>
    Offline,

    /// <summary>An OpenAI-compatible endpoint.</summary>
    Llm,
}

/// <summary>An OpenAI-compatible endpoint and how hard to press it.</summary>
public sealed record LlmOptions
{
    /// <summary>The base address, for example <c>http://localhost:8000/v1</c>.</summary>
    [SpecOption(Operational = true)]
    public string? Endpoint { get; init; }

    /// <summary>The model's name at the endpoint.</summary>
    public string? Model { get; init; }

    /// <summary>The environment variable that holds the key; the key itself never stands in a spec.</summary>
    [SpecOption(Operational = true)]
    public string ApiKeyVariable { get; init; } = "OPENAI_API_KEY";

    /// <summary>Requests in flight at once.</summary>
    [SpecOption(Operational = true, Minimum = 1, Maximum = 1024)]
    public int Concurrency { get; init; } = 8;

    /// <summary>Stop cleanly before this many US dollars are spent; needs the two prices.</summary>
    [SpecOption(Operational = true, Minimum = 0)]
    public double? Budget { get; init; }

    /// <summary>US dollars for a million input tokens.</summary>
    [SpecOption(Operational = true, Minimum = 0)]
    public double? InputPrice { get; init; }

    /// <summary>US dollars for a million output tokens.</summary>
    [SpecOption(Operational = true, Minimum = 0)]
    public double? OutputPrice { get; init; }

    /// <summary>How long one request may take.</summary>
    [SpecOption(Operational = true, Minimum = 0.1, Maximum = 3600)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often one request is repeated after 429, 5xx or a cut connection.</summary>
    [SpecOption(Operational = true, Minimum = 0, Maximum = 100)]
    public int Retries { get; init; } = 6;
}
