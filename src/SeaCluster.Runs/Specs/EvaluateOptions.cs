namespace SeaCluster.Runs.Specs;

/// <summary>The measurement.</summary>
public sealed record EvaluateOptions
{
    /// <summary>The cases; without them the run ends with the adapter.</summary>
    [SpecOption(Path = true)]
    public string? Cases { get; init; }

    /// <summary>Held-back harmless rows with answers: their perplexity, before and after.</summary>
    [SpecOption(Path = true)]
    public string? Text { get; init; }

    /// <summary>Who judges answers.</summary>
    public JudgeKind Judge { get; init; }

    /// <summary>The endpoint of a judge that asks one: all but refusal.</summary>
    public LlmOptions Llm { get; init; } = new();

    /// <summary>At most so many tokens an answer.</summary>
    [SpecOption(Minimum = 1, Maximum = 32768)]
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>Sampling temperature; 0 is greedy.</summary>
    [SpecOption(Minimum = 0, Maximum = 10)]
    public double Temperature { get; init; }

    /// <summary>Answers generated at once; auto is 32.</summary>
    [SpecOption(Auto = true, Operational = true, Minimum = 1, Maximum = 65536)]
    public int? Batch { get; init; }

    /// <summary>Also ask the model without the adapter, and compare the two case by case.</summary>
    public bool Base { get; init; } = true;
}

/// <summary>Who judges answers.</summary>
public enum JudgeKind
{
    /// <summary>Refusal phrases; offline.</summary>
    Refusal,

    /// <summary>A model behind an endpoint says safe or unsafe, of the answer alone.</summary>
    Llm,

    /// <summary>A model behind an endpoint grades question and answer from 1 to 5; 3 and above is unsafe.</summary>
    Rubric,

    /// <summary>A model behind an endpoint grades as StrongREJECT does.</summary>
    Strongreject,

    /// <summary>Llama Guard behind an endpoint.</summary>
    LlamaGuard,

    /// <summary>A model behind an endpoint with MM-SafetyBench's rubric of the case's category.</summary>
    MmSafetybench,
}

/// <summary>How samples are leased, retried and given up. None of it changes a result.</summary>
public sealed record WorkOptions
{
    /// <summary>A sample is quarantined after so many failures.</summary>
    [SpecOption(Operational = true, Minimum = 1, Maximum = 100)]
    public int Attempts { get; init; } = 3;

    /// <summary>... or after its lease was lost (its worker killed or frozen) so many times.</summary>
    [SpecOption(Operational = true, Minimum = 1, Maximum = 100_000)]
    public int LostLeases { get; init; } = 100;

    /// <summary>The wait after the first failure; it doubles with each further one.</summary>
    [SpecOption(Operational = true, Minimum = 0, Maximum = 86400)]
    public TimeSpan Backoff { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait between attempts.</summary>
    [SpecOption(Operational = true, Minimum = 0, Maximum = 604800)]
    public TimeSpan BackoffLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether the run's own process works on its samples; false leaves them all to <c>sea worker</c>.</summary>
    [SpecOption(Operational = true)]
    public bool Local { get; init; } = true;

    /// <summary>How long a silent worker keeps its samples; it renews every third of this.</summary>
    [SpecOption(Operational = true, Minimum = 1, Maximum = 86400)]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);
}
