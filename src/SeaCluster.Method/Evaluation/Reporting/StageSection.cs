using System.Globalization;

namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>Times of the stages beside what the plan said.</summary>
internal static class StageSection
{
    public static Section Of(IReadOnlyList<StageTime> stages) => Section.Of(
        "times",
        "Times",
        stages.Any(stage => stage.Predicted is not null) ? "What each stage took, beside what the plan expected before it began." : "What each stage took.",
        stages.Count,
        html => html.Table("Stage times, predicted and measured", content => Rows(content, stages), "times"));

    private static void Rows(Html html, IReadOnlyList<StageTime> stages)
    {
        bool predicted = stages.Any(s => s.Predicted is not null), made = stages.Any(s => s.Items is not null);
        double longest = Math.Max(1e-9, stages.Max(s => Math.Max(s.Measured.TotalSeconds, s.Predicted?.TotalSeconds ?? 0)));
        html.Add($"<thead><tr><th scope=\"col\">Stage</th>{Heading("Predicted", predicted)}<th scope=\"col\" class=\"number\">Measured</th>{Heading("Off by", predicted)}{Heading("Made", made)}{Heading("Rate", made)}<th scope=\"col\" class=\"wide\"><span class=\"hidden\">Share</span></th></tr></thead>\n<tbody>\n");
        foreach (StageTime stage in stages)
        {
            html.Add($"<tr><th scope=\"row\">{stage.Name}</th>{Cell(stage.Predicted is { } p ? Show.Duration(p) : "–", predicted)}<td class=\"number\"><b>{Show.Duration(stage.Measured)}</b></td>{Cell(Off(stage), predicted)}");
            html.Add($"{Cell(stage.Items is { } n ? $"{n.ToString("N0", CultureInfo.InvariantCulture)} {stage.Unit}".TrimEnd() : "–", made)}{Cell(Rate(stage), made)}");
            html.Add($"<td class=\"wide\"><svg class=\"span\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"took\" x=\"0\" y=\"2\" width=\"{100 * stage.Measured.TotalSeconds / longest}\" height=\"4\"/>");
            if (stage.Predicted is { } expected)
            {
                html.Add($"<rect class=\"expected\" x=\"{Math.Min(99, 100 * expected.TotalSeconds / longest)}\" y=\"0\" width=\"1\" height=\"8\"/>");
            }

            html.Add($"</svg></td></tr>\n");
        }

        string total = Show.Duration(TimeSpan.FromTicks(stages.Sum(s => s.Measured.Ticks)));
        string planned = stages.All(s => s.Predicted is not null) ? Show.Duration(TimeSpan.FromTicks(stages.Sum(s => s.Predicted!.Value.Ticks))) : "";
        html.Add($"</tbody>\n<tfoot><tr class=\"total\"><th scope=\"row\">Together</th>{Cell(planned, predicted)}<td class=\"number\"><b>{total}</b></td>{Cell("", predicted)}{Cell("", made)}{Cell("", made)}<td class=\"wide\"></td></tr></tfoot>\n");
    }

    private static Html Heading(string title, bool shown) => Html.Of(html =>
    {
        if (shown)
        {
            html.Add($"<th scope=\"col\" class=\"number\">{title}</th>");
        }
    });

    private static Html Cell(string text, bool shown) => Html.Of(html =>
    {
        if (shown)
        {
            html.Add($"<td class=\"number\">{text}</td>");
        }
    });

    private static string Off(StageTime stage) => stage.Predicted is { TotalSeconds: > 0 } predicted
        ? $"{Show.Points(stage.Measured / predicted - 1)}%"
        : "–";

    private static string Rate(StageTime stage) => stage.Items is { } items && stage.Measured > TimeSpan.Zero
        ? (items / stage.Measured.TotalSeconds).ToString(items / stage.Measured.TotalSeconds >= 10 ? "0" : "0.00", CultureInfo.InvariantCulture) + "/s"
        : "–";
}
