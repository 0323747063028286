using SeaCluster.Models;

namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>
/// Writes <c>report.html</c>: one file without scripts or anything to load, for light and dark, wide and narrow screens. Every value is escaped, and a
/// content security policy forbids scripts and connections should one ever not be.
/// </summary>
public static class HtmlReport
{
    private static readonly string Style = ReadStyle();

    /// <summary>Writes the report, whole or not at all.</summary>
    public static void Write(string path, ReportData data, ReportOptions? options = null) => AtomicFile.WriteAllText(path, Render(data, options));

    /// <summary>The report as HTML.</summary>
    public static string Render(ReportData data, ReportOptions? options = null)
    {
        options ??= new ReportOptions();
        Section[] sections = Sections(data, options);
        Chapter[] chapters = [.. data.Chapters.Select(chapter => Chapter.Of(chapter, Sections(chapter, options)))];
        return new Html().Add($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
            <meta name="generator" content="SeaCluster">
            <title>{data.Title}</title>
            <style>
            {Trusted(Style)}</style>
            </head>
            <body>
            <header>
            <h1>{data.Title}</h1>
            {Lead(data)}</header>
            {Navigation(sections, chapters)}<main>
            {Body(sections[..^1])}{Body(chapters)}{Body(sections[^1..])}</main>
            <footer><p>Written by SeaCluster. This file is complete in itself: it loads nothing and runs no scripts.</p></footer>
            </body>
            </html>

            """).ToString();
    }

    // What is needed to repeat the run comes last, behind the chapters too.
    private static Section[] Sections(ReportData data, ReportOptions options) =>
    [
        GateSection.Of(data.Checks),
        ResultSection.Of(data.Results),
        TradeOffSection.Of(data.Results),
        ResultSection.OfAblations(data.Ablations),
        ComparisonSection.Of(data.Comparisons),
        TextSection.Of(data.Texts),
        BenchmarkSection.Of(data.Benchmarks),
        EvaluationSection.Of(data.Evaluations),
        JudgeSection.Of(data.JudgeError, data.JudgeAgreements),
        PerceptionSection.Of(data.Perception),
        LossSection.Of(data.Losses),
        StageSection.Of(data.Stages),
        SetAsideSection.Of(data.SetAside),
        ExampleSection.Of(data.Examples, options),
        ProvenanceSection.Of(data.Provenance),
    ];

    private static Html Lead(ReportData data) => Html.Of(html =>
    {
        if (data.Subtitle is not null)
        {
            html.Add($"<p class=\"subtitle\">{data.Subtitle}</p>\n");
        }

        html.Add($"{Verdict(data.Verdict, data.Chapters)}");

        if (data.Facts.Count > 0)
        {
            html.Add($"<dl class=\"facts\">\n");
            foreach (ReportFact fact in data.Facts)
            {
                html.Add($"<div><dt>{fact.Label}</dt><dd>{fact.Value}{Note(fact.Note)}</dd></div>\n");
            }

            html.Add($"</dl>\n");
        }
    });

    private static Html Note(string? note) => Html.Of(html =>
    {
        if (note is not null)
        {
            html.Add($"<small>{note}</small>");
        }
    });

    // Where chapters have verdicts of their own, these say it in place of the whole's words.
    private static Html Verdict(ReportVerdict? verdict, IReadOnlyList<ReportData> chapters) => Html.Of(html =>
    {
        if (verdict is null)
        {
            return;
        }

        html.Add($"<div class=\"verdict {(verdict.Passed ? "good" : "bad")}\">\n<p><strong>{(verdict.Passed ? "Passed." : "Not passed.")}</strong> {(chapters.Any(chapter => chapter.Verdict is not null) ? "" : verdict.Text)}</p>\n");
        foreach (ReportData chapter in chapters.Where(chapter => chapter.Verdict is not null))
        {
            html.Add($"<p><b class=\"{(chapter.Verdict!.Passed ? "good" : "bad")}\">{chapter.Title}.</b> {chapter.Verdict.Text}</p>\n");
        }

        html.Add($"</div>\n");
    });

    private static Html Navigation(Section[] sections, Chapter[] chapters) => Html.Of(html =>
    {
        if (sections.Count(section => section.Present) + chapters.Sum(chapter => chapter.Sections.Count) <= 2)
        {
            return;
        }

        html.Add($"<nav aria-label=\"Contents\"><ul>\n{Links(sections[..^1])}");
        foreach (Chapter chapter in chapters)
        {
            html.Add($"<li class=\"chapter\"><a href=\"#{chapter.Id}\">{chapter.Title}</a>\n<ul>\n{Links(chapter.Sections)}</ul></li>\n");
        }

        html.Add($"{Links(sections[^1..])}</ul></nav>\n");
    });

    private static Html Links(IEnumerable<Section> sections) => Html.Of(html =>
    {
        foreach (Section section in sections.Where(section => section.Present))
        {
            html.Add($"<li><a href=\"#{section.Id}\">{section.Title}</a></li>\n");
        }
    });

    private static Html Body(IEnumerable<Section> sections, string heading = "h2") => Html.Of(html =>
    {
        foreach (Section section in sections.Where(section => section.Present))
        {
            html.Add($"<section id=\"{section.Id}\" aria-labelledby=\"{section.Id}-title\">\n<{heading} id=\"{section.Id}-title\">{section.Title}</{heading}>\n");
            html.Add($"<p class=\"lede\">{section.Lede}</p>\n{section.Content}</section>\n");
        }
    });

    private static Html Body(Chapter[] chapters) => Html.Of(html =>
    {
        foreach (Chapter chapter in chapters)
        {
            html.Add($"<section class=\"chapter\" id=\"{chapter.Id}\" aria-labelledby=\"{chapter.Id}-title\">\n<h2 id=\"{chapter.Id}-title\">{chapter.Title}</h2>\n");
            html.Add($"{Body(chapter.Sections, "h3")}</section>\n");
        }
    });

    // The style sheet is ours, from the assembly: the one text that is filled in as it stands.
    private static Html Trusted(string style)
    {
        Html html = new();
        Html.Handler handler = new(style.Length, 0, html);
        handler.AppendLiteral(style);
        return html;
    }

    private static string ReadStyle()
    {
        using Stream stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("SeaCluster.Method.report.css")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>A part of the report.</summary>
/// <param name="Id">The anchor.</param>
/// <param name="Title">The heading.</param>
/// <param name="Lede">How to read it, in a sentence or two.</param>
/// <param name="Present">Whether there is anything to show.</param>
/// <param name="Content">The markup below.</param>
internal sealed record Section(string Id, string Title, string Lede, bool Present, Html Content)
{
    /// <summary>A section that is left out where <paramref name="count"/> is 0.</summary>
    public static Section Of(string id, string title, string lede, int count, Action<Html> content) =>
        new(id, title, lede, count > 0, count > 0 ? Html.Of(content) : new Html());
}

/// <summary>A part of the report with sections of its own.</summary>
/// <param name="Id">The anchor.</param>
/// <param name="Title">The heading.</param>
/// <param name="Sections">Those with anything to show; their anchors begin with the chapter's.</param>
internal sealed record Chapter(string Id, string Title, IReadOnlyList<Section> Sections)
{
    public static Chapter Of(ReportData data, IEnumerable<Section> sections)
    {
        string id = string.Concat(data.Title.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        return new Chapter(id, data.Title, [.. sections.Where(section => section.Present).Select(section => section with { Id = $"{id}-{section.Id}" })]);
    }
}
