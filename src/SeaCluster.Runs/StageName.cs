namespace SeaCluster.Runs;

/// <summary>The stages of a run, in their order.</summary>
public enum StageName
{
    /// <summary>Rows to prepared rows.</summary>
    Prepare,

    /// <summary>Prepared rows to encoder outputs.</summary>
    Synthesize,

    /// <summary>Encoder outputs and text to an adapter.</summary>
    Align,

    /// <summary>Adapter to judged answers.</summary>
    Evaluate,

    /// <summary>Everything to one page.</summary>
    Report,
}

/// <summary>The names that stages have in files, ledgers and on the command line.</summary>
public static class StageNames
{
    /// <summary>All stages in order.</summary>
    public static IReadOnlyList<StageName> All { get; } = Enum.GetValues<StageName>();

    /// <summary><c>prepare</c>, <c>synthesize</c>, ...</summary>
    public static string Text(this StageName stage) => stage switch
    {
        StageName.Prepare => "prepare",
        StageName.Synthesize => "synthesize",
        StageName.Align => "align",
        StageName.Evaluate => "evaluate",
        StageName.Report => "report",
        _ => throw new ArgumentOutOfRangeException(nameof(stage), stage, "not a stage"),
    };

    /// <summary>The stage of that name, or null.</summary>
    public static StageName? Parse(string text) => All.Cast<StageName?>().FirstOrDefault(stage => stage!.Value.Text() == text);
}
