namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>Loss curves as small multiples.</summary>
internal static class LossSection
{
    private const double Width = 280, Height = 132, Left = 40, Right = 8, Top = 8, Bottom = 22;
    private const int MostPoints = 160;

    public static Section Of(IReadOnlyList<LossPanel> panels)
    {
        LossPanel[] drawn = [.. panels.Where(panel => panel.Series.Any(series => Finite(series).Any()))];
        return Section.Of(
            "losses",
            "Loss curves",
            "Each panel has its own scale; panels marked log span more than a factor of fifty. A band shows the middle of many samples.",
            drawn.Length,
            html =>
            {
                html.Add($"<div class=\"panels\">\n");
                foreach (LossPanel panel in drawn)
                {
                    Panel(html, panel);
                }

                html.Add($"</div>\n");
            });
    }

    private static void Panel(Html html, LossPanel panel)
    {
        LossPoint[] all = [.. panel.Series.SelectMany(Finite)];
        double low = all.Min(p => Math.Min(p.Loss, p.Low ?? p.Loss)), high = all.Max(p => Math.Max(p.Loss, p.High ?? p.Loss));
        bool log = low > 0 && high / low > 50;
        double from = log ? Math.Log(low) : Math.Min(0, low), to = log ? Math.Log(high) : high;
        int first = all.Min(p => p.Step), last = all.Max(p => p.Step);
        double X(int step) => Left + (Width - Left - Right) * (last == first ? 0.5 : (step - first) / (double)(last - first));
        double Y(double loss) => Top + (Height - Top - Bottom) * (to > from ? (to - (log ? Math.Log(loss) : loss)) / (to - from) : 0.5);
        string ends = string.Join("; ", panel.Series.Where(s => Finite(s).Any()).Select(s => $"{s.Name} ends at {Show.Loss(Finite(s).Last().Loss)}"));

        html.Add($"<figure class=\"panel\">\n<figcaption>{panel.Title}{Scale(log)}</figcaption>\n");
        html.Add($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"Loss of {panel.Title} from step {first} to {last}: {ends}\">\n");
        double bottom = log ? low : from;
        html.Add($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(high)}\" y2=\"{Y(high)}\"/><line class=\"rule\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom}\"/>\n");
        html.Add($"<text class=\"tick\" x=\"{Left - 6}\" y=\"{Y(high) + 4}\" text-anchor=\"end\">{Show.Loss(high)}</text><text class=\"tick\" x=\"{Left - 6}\" y=\"{Height - Bottom + 1}\" text-anchor=\"end\">{Show.Loss(bottom)}</text>\n");
        html.Add($"<text class=\"tick\" x=\"{Left}\" y=\"{Height - 6}\">{first}</text><text class=\"tick\" x=\"{Width - Right}\" y=\"{Height - 6}\" text-anchor=\"end\">step {last}</text>\n");
        int place = 0;
        foreach (LossSeries series in panel.Series)
        {
            LossPoint[] points = Thin([.. Finite(series)]);
            int tone = place++ % 5;
            if (points.Length > 0 && points.All(p => p.Low is not null && p.High is not null && (!log || p.Low > 0)))
            {
                string upper = string.Join(' ', points.Select(p => Point(X(p.Step), Y(p.High!.Value)))), lower = string.Join(' ', points.Reverse().Select(p => Point(X(p.Step), Y(p.Low!.Value))));
                html.Add($"<polygon class=\"area c{tone}\" points=\"{upper} {lower}\"/>");
            }

            html.Add($"<polyline class=\"curve c{tone}\" points=\"{string.Join(' ', points.Select(p => Point(X(p.Step), Y(p.Loss))))}\"/>\n");
        }

        html.Add($"</svg>\n<ul class=\"legend\">\n");
        place = 0;
        foreach (LossSeries series in panel.Series.Take(6))
        {
            html.Add($"<li><svg class=\"key\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><line class=\"curve c{place++ % 5}\" x1=\"1\" x2=\"13\" y1=\"7\" y2=\"7\"/></svg>{series.Name}: {(Finite(series).Any() ? Show.Loss(Finite(series).Last().Loss) : "no figure")}</li>\n");
        }

        html.Add($"</ul>\n</figure>\n");
    }

    private static Html Scale(bool log) => Html.Of(html =>
    {
        if (log)
        {
            html.Add($" <small>log</small>");
        }
    });

    private static IEnumerable<LossPoint> Finite(LossSeries series) => series.Points.Where(p => double.IsFinite(p.Loss));

    // Each stretch keeps its lowest and highest point, so that no spike is smoothed away.
    private static LossPoint[] Thin(LossPoint[] points)
    {
        if (points.Length <= MostPoints)
        {
            return points;
        }

        int stretch = (int)Math.Ceiling(points.Length / (MostPoints / 2.0));
        return
        [
            points[0],
            .. points[1..^1].Chunk(stretch).SelectMany(part => new[] { part.MinBy(p => p.Loss), part.MaxBy(p => p.Loss) }.DistinctBy(p => p.Step).OrderBy(p => p.Step)),
            points[^1],
        ];
    }

    private static string Point(double x, double y) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#}");
}
