using SeaCluster.Method.Evaluation.Statistics;

namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>The few pieces of markup that several sections share.</summary>
internal static class Parts
{
    /// <summary>A table that scrolls sideways by itself on a narrow screen, by keyboard too.</summary>
    public static void Table(this Html html, string caption, Action<Html> content, string style = "") =>
        html.Add($"""
            <div class="scroll" tabindex="0" role="region" aria-label="{caption}">
            <table class="{style}">
            <caption>{caption}</caption>
            {Html.Of(content)}</table>
            </div>

            """);

    /// <summary>A rate with its interval as a bar from 0 to 100 %; the figures stand beside it, so it is hidden from screen readers.</summary>
    public static Html Bar(double value, Interval interval) => new Html().Add($"""
        <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" x="0" y="2.5" width="100" height="1"/><rect class="band" x="{100 * interval.Low}" y="1" width="{Math.Max(1, 100 * (interval.High - interval.Low))}" height="4"/><rect class="mark" x="{Math.Clamp(100 * value - 1, 0, 98)}" y="0" width="2" height="6"/></svg>
        """);

    /// <summary>A rate in a table cell: share, counts, interval and bar; a dash without cases.</summary>
    public static Html Cell(Rate rate) => Html.Of(html =>
    {
        if (rate.Value is not { } value)
        {
            html.Add($"<td class=\"none\">–</td>");
            return;
        }

        html.Add($"<td class=\"rate\"><b>{Show.Percent(value)}</b> <small>{rate.Hits} of {rate.Judged}</small>{Bar(value, rate.Interval)}<small>{Show.Percents(rate.Interval)}</small></td>");
    });

    /// <summary>The class that gives each method its colour and marker: the known ones always the same, others in order of appearance.</summary>
    public static IReadOnlyDictionary<string, int> Tones(ResultTable table)
    {
        string[] known = ["base", "text-only", "blank", "sea", "real"];
        string[] methods = [.. table.Rows.Select(row => row.Method).Distinct(StringComparer.Ordinal)], others = [.. methods.Except(known, StringComparer.Ordinal)];
        return methods.ToDictionary(m => m, m => Array.IndexOf(known, m) is var place and >= 0 ? place : known.Length + Array.IndexOf(others, m) % 3, StringComparer.Ordinal);
    }

    /// <summary>The marker of a tone, so that colour is never the only difference.</summary>
    public static Html Marker(int tone, double x, double y, double size = 5.5) => Html.Of(html =>
    {
        double s = size;
        switch (tone)
        {
            case 0:
                html.Add($"<rect class=\"marker t{tone}\" x=\"{x - s * 0.85}\" y=\"{y - s * 0.85}\" width=\"{s * 1.7}\" height=\"{s * 1.7}\"/>");
                break;
            case 1:
                html.Add($"<path class=\"marker t{tone}\" d=\"M{x} {y - s * 1.1}L{x + s * 1.1} {y + s * 0.9}H{x - s * 1.1}Z\"/>");
                break;
            case 2:
                html.Add($"<path class=\"marker t{tone}\" d=\"M{x} {y + s * 1.1}L{x + s * 1.1} {y - s * 0.9}H{x - s * 1.1}Z\"/>");
                break;
            case 4:
                html.Add($"<path class=\"marker t{tone}\" d=\"M{x} {y - s * 1.25}L{x + s * 1.25} {y}L{x} {y + s * 1.25}L{x - s * 1.25} {y}Z\"/>");
                break;
            case 5:
                html.Add($"<path class=\"marker t{tone}\" d=\"M{x - s * 0.4} {y - s * 1.1}h{s * 0.8}v{s * 0.7}h{s * 0.7}v{s * 0.8}h{-s * 0.7}v{s * 0.7}h{-s * 0.8}v{-s * 0.7}h{-s * 0.7}v{-s * 0.8}h{s * 0.7}Z\"/>");
                break;
            case 6:
                html.Add($"<path class=\"marker t{tone}\" d=\"M{x - s * 1.1} {y}L{x - s * 0.55} {y - s}H{x + s * 0.55}L{x + s * 1.1} {y}L{x + s * 0.55} {y + s}H{x - s * 0.55}Z\"/>");
                break;
            case 7:
                html.Add($"<rect class=\"marker t{tone}\" x=\"{x - s * 1.2}\" y=\"{y - s * 0.55}\" width=\"{s * 2.4}\" height=\"{s * 1.1}\"/>");
                break;
            default:
                html.Add($"<circle class=\"marker t{tone}\" cx=\"{x}\" cy=\"{y}\" r=\"{s}\"/>");
                break;
        }
    });
}
