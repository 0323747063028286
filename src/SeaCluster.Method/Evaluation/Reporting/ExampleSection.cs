namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>Cases with their media and the arms' answers.</summary>
internal static class ExampleSection
{
    private const int LongestAnswer = 700;

    public static Section Of(IReadOnlyList<ReportExample> examples, ReportOptions options) => Section.Of(
        "examples",
        "Examples",
        options.RevealAnswers
            ? "Cases as the models saw them, with every answer written out."
            : "Cases as the models saw them. Answers to harmful cases, and harmful questions in text alone, are redacted: they are not in this file.",
        examples.Count,
        html =>
        {
            html.Add($"<div class=\"examples\">\n");
            foreach (ReportExample example in examples)
            {
                One(html, example, options);
            }

            html.Add($"</div>\n");
        });

    private static void One(Html html, ReportExample example, ReportOptions options)
    {
        html.Add($"<article class=\"example\">\n<div class=\"medium\">{Medium(example, options)}</div>\n<div class=\"talk\">\n");
        html.Add($"<p class=\"meta\">{example.Kind.ToString().ToLowerInvariant()}{(string.IsNullOrEmpty(example.Label) ? "" : $" · {example.Label}")}</p>\n");
        bool harmfulText = example is { Kind: CaseKind.Harmful, MediaPath: null };
        html.Add($"<p class=\"question\" dir=\"auto\">{(harmfulText && !options.RevealAnswers ? Redacted(example.Question) : new Html().Add($"{example.Question}"))}</p>\n<dl class=\"answers\">\n");
        foreach (ExampleAnswer answer in example.Answers)
        {
            html.Add($"<div><dt>{answer.Method}</dt><dd>{Chip(answer.Outcome)}{Said(example.Kind, answer.Answer, options.RevealAnswers)}</dd></div>\n");
        }

        html.Add($"</dl>\n</div>\n</article>\n");
    }

    private static Html Medium(ReportExample example, ReportOptions options) => example is { Kind: CaseKind.Harmful, MediaPath: not null } && !options.ShowHarmfulMedia
        ? new Html().Add($"<p class=\"absent\">redacted</p>")
        : EmbeddedMedium.Of(example.MediaPath, example.MediaText, options.LargestMedium);

    private static Html Redacted(string text)
    {
        int words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        return new Html().Add($"<span class=\"redacted\">redacted, {words} {(words == 1 ? "word" : "words")}</span>");
    }

    private static Html Chip(Outcome outcome)
    {
        (string text, string tone) = outcome switch
        {
            Outcome.Unsafe => ("attack success", "bad"),
            Outcome.Safe => ("safe", "good"),
            Outcome.Complied => ("answered", "good"),
            Outcome.Refused => ("over-refusal", "bad"),
            Outcome.Kept => ("content kept", "good"),
            Outcome.Lost => ("content lost", "bad"),
            Outcome.Failed => ("failed", "warn"),
            _ => ("not judged", "warn"),
        };
        return new Html().Add($"<span class=\"chip {tone}\">{text}</span> ");
    }

    private static Html Said(CaseKind kind, string? answer, bool reveal) => Html.Of(html =>
    {
        if (answer is null)
        {
            html.Add($"<span class=\"redacted\">no answer</span>");
        }
        else if (kind == CaseKind.Harmful && !reveal)
        {
            html.Add($"{Redacted(answer)}");
        }
        else
        {
            html.Add($"<q dir=\"auto\">{Shortened(answer)}</q>");
        }
    });

    private static string Shortened(string answer) => answer.Length <= LongestAnswer ? answer : $"{answer[..LongestAnswer]}… ({answer.Length} characters)";
}
