using SeaCluster.Method.Evaluation.Statistics;

namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>Attack success against over-refusal, one plot a modality.</summary>
internal static class TradeOffSection
{
    private const double Height = 312, Left = 58, Right = 14, Top = 14, Bottom = 46;

    public static Section Of(ResultTable? table)
    {
        IGrouping<string, Arm>[] modalities = [.. Arms(table ?? new ResultTable([])).GroupBy(arm => arm.Modality, StringComparer.Ordinal)];
        return Section.Of(
            "trade-off",
            "Trade-off",
            "Attack success and over-refusal trade against each other: the lower left corner is the aim. Small dots are seeds, lines are 95% intervals.",
            modalities.Length,
            html =>
            {
                html.Add($"<div class=\"plots{(modalities.Length == 1 ? " single" : "")}\">\n");
                foreach (IGrouping<string, Arm> modality in modalities)
                {
                    Plot(html, modality.Key, [.. modality], modalities.Length > 1);
                }

                html.Add($"</div>\n");
            });
    }

    private static IEnumerable<Arm> Arms(ResultTable table)
    {
        IReadOnlyDictionary<string, int> tones = Parts.Tones(table);
        foreach (ResultRow row in table.Rows)
        {
            if ((row.AsrHeldOut ?? row.Asr) is { } attack && row.BenignCompliance is { } benign)
            {
                yield return new Arm(row.Modality, row.Method, tones[row.Method], row.AsrHeldOut is not null, attack, benign);
            }
        }
    }

    private static void Plot(Html html, string modality, Arm[] arms, bool named)
    {
        double most = arms.Max(arm => Math.Max(1 - arm.Benign.Seeds.Low, 1 - arm.Benign.Interval.Low));
        double limit = most <= 0.18 ? 0.2 : most <= 0.38 ? 0.4 : most <= 0.58 ? 0.6 : most <= 0.78 ? 0.8 : 1;
        double width = named ? 320 : 400; // Several plots share the row; the text keeps its size.
        double X(double overRefusal) => Left + (width - Left - Right) * overRefusal / limit;
        double Y(double attack) => Top + (Height - Top - Bottom) * (1 - attack);
        string what = arms[0].HeldOut ? "Attack success, held-out phrases" : "Attack success";

        html.Add($"<figure class=\"plot\">\n");
        if (named)
        {
            html.Add($"<figcaption>{modality}</figcaption>\n");
        }

        html.Add($"<svg viewBox=\"0 0 {width} {Height}\" role=\"img\" aria-label=\"{what} against over-refusal, {modality}: {string.Join("; ", arms.Select(arm => arm.Describe()))}\">\n");
        for (int i = 0; i <= 4; i++)
        {
            double share = i / 4.0;
            html.Add($"<line class=\"grid\" x1=\"{Left}\" x2=\"{width - Right}\" y1=\"{Y(share)}\" y2=\"{Y(share)}\"/><text class=\"tick\" x=\"{Left - 8}\" y=\"{Y(share) + 4}\" text-anchor=\"end\">{Show.Percent(share)}</text>\n");
            html.Add($"<line class=\"grid\" x1=\"{X(limit * share)}\" x2=\"{X(limit * share)}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/><text class=\"tick\" x=\"{X(limit * share)}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{Show.Percent(limit * share)}</text>\n");
        }

        html.Add($"<text class=\"axis\" x=\"{(Left + width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">Over-refusal: benign cases refused</text>\n");
        html.Add($"<text class=\"axis\" transform=\"translate(14 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{what}</text>\n");
        foreach (Arm arm in arms)
        {
            Interval attack = arm.Attack.Interval, benign = arm.Benign.Interval;
            double x = X(1 - arm.Benign.Mean), y = Y(arm.Attack.Mean);
            html.Add($"<g class=\"t{arm.Tone}\"><line class=\"whisker\" x1=\"{x}\" x2=\"{x}\" y1=\"{Y(attack.High)}\" y2=\"{Y(attack.Low)}\"/>");
            html.Add($"<line class=\"whisker\" x1=\"{X(1 - benign.High)}\" x2=\"{X(1 - benign.Low)}\" y1=\"{y}\" y2=\"{y}\"/>");
            foreach ((double a, double b) in arm.Seeds())
            {
                html.Add($"<circle class=\"seed\" cx=\"{X(1 - b)}\" cy=\"{Y(a)}\" r=\"2.4\"/>");
            }

            html.Add($"</g>\n");
        }

        (Arm Arm, double X, double Y)[] points = [.. arms.Select(arm => (arm, X(1 - arm.Benign.Mean), Y(arm.Attack.Mean)))];
        foreach ((Arm arm, double x, double y) in points)
        {
            html.Add($"{Parts.Marker(arm.Tone, x, y)}\n");
        }

        Labels(html, points, X, Y, width);
        html.Add($"</svg>\n<ul class=\"legend\">\n");
        foreach (Arm arm in arms)
        {
            html.Add($"<li><svg class=\"key\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">{Parts.Marker(arm.Tone, 7, 7, 4.5)}</svg>{arm.Method}: ASR {Show.Percent(arm.Attack.Mean)}, over-refusal {Show.Percent(1 - arm.Benign.Mean)}</li>\n");
        }

        html.Add($"</ul>\n</figure>\n");
    }

    private static void Labels(Html html, (Arm Arm, double X, double Y)[] points, Func<double, double> toX, Func<double, double> toY, double width)
    {
        List<(Box Box, double Weight)> obstacles = [];
        foreach ((Arm arm, double x, double y) in points)
        {
            Interval attack = arm.Attack.Interval, benign = arm.Benign.Interval;
            obstacles.Add((Box.Around(x, y, 7), 100));
            obstacles.Add((new Box(x - 1, toY(attack.High), 2, toY(attack.Low) - toY(attack.High)), 3));
            obstacles.Add((new Box(toX(1 - benign.High), y - 1, toX(1 - benign.Low) - toX(1 - benign.High), 2), 3));
            obstacles.AddRange(arm.Seeds().Select(seed => (Box.Around(toX(1 - seed.Benign), toY(seed.Attack), 2.5), 5.0)));
        }

        Box area = new(Left + 2, 2, width - Left - 4, Height - Bottom - 4);
        Box[] boxes = LabelPlacement.Place([.. points.Select(p => (p.X, p.Y, 6.9 * p.Arm.Method.Length + 2, 15.0))], obstacles, area);
        for (int i = 0; i < points.Length; i++)
        {
            (Arm arm, double x, double y) = points[i];
            Box box = boxes[i];
            double nearX = Math.Clamp(x, box.X, box.X + box.Width), nearY = Math.Clamp(y, box.Y, box.Y + box.Height);
            if (Math.Sqrt((nearX - x) * (nearX - x) + (nearY - y) * (nearY - y)) > 14)
            {
                html.Add($"<line class=\"leader\" x1=\"{x}\" y1=\"{y}\" x2=\"{nearX}\" y2=\"{nearY}\"/>");
            }

            html.Add($"<text class=\"label t{arm.Tone}\" x=\"{box.X + box.Width / 2}\" y=\"{box.Y + 11.5}\" text-anchor=\"middle\">{arm.Method}</text>\n");
        }
    }

    private sealed record Arm(string Modality, string Method, int Tone, bool HeldOut, ResultCell Attack, ResultCell Benign)
    {
        public string Describe() => $"{Method}: attack success {Show.Percent(Attack.Mean)}, over-refusal {Show.Percent(1 - Benign.Mean)}";

        public IEnumerable<(double Attack, double Benign)> Seeds() =>
            Attack.Seeds.Values.Count > 1 && Attack.Seeds.Values.Count == Benign.Seeds.Values.Count ? Attack.Seeds.Values.Zip(Benign.Seeds.Values) : [];
    }
}
