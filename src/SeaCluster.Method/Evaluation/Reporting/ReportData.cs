namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>Everything that a report shows. Each section but the title is optional and left out where it is empty.</summary>
/// <param name="Title">What was done, such as <c>SEA on the small world</c>.</param>
public sealed record ReportData(string Title)
{
    /// <summary>One sentence under the title.</summary>
    public string? Subtitle { get; init; }

    /// <summary>The plain outcome.</summary>
    public ReportVerdict? Verdict { get; init; }

    /// <summary>The run in figures: model, data, seeds, time.</summary>
    public IReadOnlyList<ReportFact> Facts { get; init; } = [];

    /// <summary>The arms side by side; also gives the trade-off plot.</summary>
    public ResultTable? Results { get; init; }

    /// <summary>The method with one thing changed each, below what it is compared with.</summary>
    public ResultTable? Ablations { get; init; }

    /// <summary>Paired tests between the arms.</summary>
    public IReadOnlyList<PairedComparison> Comparisons { get; init; } = [];

    /// <summary>The limits of a gate and what was found.</summary>
    public IReadOnlyList<ReportCheck> Checks { get; init; } = [];

    /// <summary>Perplexity on held-back harmless text.</summary>
    public IReadOnlyList<TextFigure> Texts { get; init; } = [];

    /// <summary>Evaluations in detail: by category and group, with judges and failures.</summary>
    public IReadOnlyList<EvaluationSummary> Evaluations { get; init; } = [];

    /// <summary>Benchmarks by task and scenario.</summary>
    public IReadOnlyList<Benchmarks.BenchmarkScore> Benchmarks { get; init; } = [];

    /// <summary>The judge's own error, where it was measured on labelled answers.</summary>
    public Statistics.JudgeError? JudgeError { get; init; }

    /// <summary>The judge beside others.</summary>
    public IReadOnlyList<Judges.JudgeAgreement> JudgeAgreements { get; init; } = [];

    /// <summary>What the frozen model perceives in the synthetic encoder outputs.</summary>
    public IReadOnlyList<PerceptionFigure> Perception { get; init; } = [];

    /// <summary>Losses over the steps, one panel a stage.</summary>
    public IReadOnlyList<LossPanel> Losses { get; init; } = [];

    /// <summary>How long the stages took, beside what was expected.</summary>
    public IReadOnlyList<StageTime> Stages { get; init; } = [];

    /// <summary>Rows that were rejected or quarantined.</summary>
    public IReadOnlyList<SetAsideRow> SetAside { get; init; } = [];

    /// <summary>Cases with their media and each arm's answer.</summary>
    public IReadOnlyList<ReportExample> Examples { get; init; } = [];

    /// <summary>What is needed to repeat the run: command, versions, hashes.</summary>
    public IReadOnlyList<ReportFact> Provenance { get; init; } = [];

    /// <summary>Parts with sections of their own, such as one a modality. A chapter's title is short and its own: its anchors begin with it.</summary>
    public IReadOnlyList<ReportData> Chapters { get; init; } = [];
}

/// <summary>The plain outcome.</summary>
/// <param name="Passed">Whether it is the wanted one.</param>
/// <param name="Text">In one sentence.</param>
public sealed record ReportVerdict(bool Passed, string Text);

/// <summary>A limit and what was found.</summary>
/// <param name="Key">The limit's name.</param>
/// <param name="What">What was measured.</param>
/// <param name="Found">The figure with its interval, as it is shown.</param>
/// <param name="Limit">The limit, as it is shown.</param>
/// <param name="Passed">Whether it is kept; null where that is not decided.</param>
/// <param name="Note">What would decide it, or how many cases it is over.</param>
public sealed record ReportCheck(string Key, string What, string Found, string Limit, bool? Passed, string Note);

/// <summary>Two arms on the same held-back text.</summary>
/// <param name="Method">The arm.</param>
/// <param name="Against">The arm that it is compared with: the comparison's first.</param>
/// <param name="Comparison">The figures.</param>
public sealed record TextFigure(string Method, string Against, TextComparison Comparison);

/// <summary>A labelled value.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Value">The value as it is shown.</param>
/// <param name="Note">A few words more.</param>
public sealed record ReportFact(string Label, string Value, string? Note = null);

/// <summary>How many synthetic encoder outputs the frozen model perceives, asked one question.</summary>
/// <param name="Modality">Such as <c>image</c>.</param>
/// <param name="Question">The question, or what it is about.</param>
/// <param name="Trained">Whether the embedding was optimised for this question. Only the others tell whether the thing itself is perceived.</param>
/// <param name="Hits">Outputs that were answered rightly.</param>
/// <param name="Total">Outputs that were asked.</param>
public sealed record PerceptionFigure(string Modality, string Question, bool Trained, int Hits, int Total);

/// <summary>Losses of one stage.</summary>
/// <param name="Title">Such as <c>alignment, sea</c>.</param>
/// <param name="Series">One curve a seed, or a median with its band.</param>
public sealed record LossPanel(string Title, IReadOnlyList<LossSeries> Series);

/// <summary>One curve.</summary>
/// <param name="Name">Such as <c>seed 1</c>.</param>
/// <param name="Points">Step and loss, by rising step.</param>
public sealed record LossSeries(string Name, IReadOnlyList<LossPoint> Points);

/// <summary>The loss at a step, with an optional band around it, such as the middle 80 % of many samples.</summary>
public readonly record struct LossPoint(int Step, double Loss, double? Low = null, double? High = null);

/// <summary>A stage's time.</summary>
/// <param name="Name">Such as <c>synthesize</c>.</param>
/// <param name="Measured">How long it took.</param>
/// <param name="Predicted">How long the plan said; null without one.</param>
/// <param name="Items">How many things it made.</param>
/// <param name="Unit">What they are, such as <c>embeddings</c>.</param>
public sealed record StageTime(string Name, TimeSpan Measured, TimeSpan? Predicted = null, int? Items = null, string? Unit = null);

/// <summary>A row that did not get through.</summary>
/// <param name="Stage">Where it was set aside, such as <c>prepare</c>.</param>
/// <param name="Id">The row's id, or its file and line.</param>
/// <param name="Reason">Why.</param>
/// <param name="Attempts">How often it was tried; 0 where it was rejected by validation.</param>
public sealed record SetAsideRow(string Stage, string Id, string Reason, int Attempts = 0);

/// <summary>A case with each arm's answer.</summary>
/// <param name="Kind">The case's kind: answers to harmful cases are redacted unless they are to be revealed.</param>
/// <param name="Question">The text that was put to the models.</param>
/// <param name="MediaPath">Its picture, sound or clip; embedded in the report, a clip as a few of its frames.</param>
/// <param name="MediaText">What the medium shows, for those who cannot see it.</param>
/// <param name="Label">Category and group, as they are shown.</param>
/// <param name="Answers">One an arm.</param>
public sealed record ReportExample(
    CaseKind Kind, string Question, string? MediaPath, string? MediaText, string? Label, IReadOnlyList<ExampleAnswer> Answers)
{
    /// <summary>One case as several arms answered it; the results must be of the same case.</summary>
    public static ReportExample Of(IReadOnlyList<(string Method, CaseResult Result)> arms)
    {
        CaseResult first = arms[0].Result;
        return new ReportExample(
            first.Kind,
            first.Question,
            first.Media,
            first.Phrase ?? first.Category,
            string.Join(", ", new[] { first.Category, first.Group }.OfType<string>()),
            [.. arms.Select(arm => new ExampleAnswer(arm.Method, arm.Result.Answer, arm.Result.Outcome))]);
    }
}

/// <summary>An arm's answer.</summary>
/// <param name="Method">The arm.</param>
/// <param name="Answer">What it said; null where it said nothing.</param>
/// <param name="Outcome">How it counts.</param>
public sealed record ExampleAnswer(string Method, string? Answer, Outcome Outcome);

/// <summary>How a report is written. What is redacted is not in the file at all.</summary>
/// <param name="RevealAnswers">
/// Whether answers to harmful cases are written out, and harmful questions in text alone. A question that goes with a medium is harmless by itself and
/// always shown.
/// </param>
/// <param name="ShowHarmfulMedia">Whether the media of harmful cases are embedded.</param>
/// <param name="LargestMedium">Pictures and sounds of up to so many bytes are embedded as they are, larger ones written again: smaller, and the first half minute of a sound.</param>
public sealed record ReportOptions(bool RevealAnswers = false, bool ShowHarmfulMedia = true, int LargestMedium = 200_000);
