namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>The arms side by side.</summary>
internal static class ResultSection
{
    public static Section Of(ResultTable? table) => Section.Of(
        "results",
        "Results",
        "Attack success (ASR) is good when low; benign answered and content kept are good when high. Neither says much without the other: a model that refuses everything has no attack success.",
        table?.Rows.Count ?? 0,
        html =>
        {
            html.Table("Attack success and what it costs, by method", content => Rows(content, table!), "results");
            html.Add($"<p class=\"note\">{Legend(table!)}</p>\n");
        });

    public static Section OfAblations(ResultTable? table) => Section.Of(
        "ablations",
        "Ablations",
        "The method with one thing changed each: what is it that helps? Each row had its operating point chosen like all others, so it has to be read with what it answers of benign requests.",
        table?.Rows.Count ?? 0,
        html => html.Table("Attack success and what it costs, with one thing changed each", content => Rows(content, table!), "results"));

    private static void Rows(Html html, ResultTable table)
    {
        IReadOnlyList<ResultColumn> columns = table.Columns;
        html.Add($"<thead><tr><th scope=\"col\">Method</th><th scope=\"col\" class=\"number\">Seeds</th>");
        foreach (ResultColumn column in columns)
        {
            html.Add($"<th scope=\"col\">{column.Title} <span aria-hidden=\"true\">{(column.LowerIsBetter ? "↓" : "↑")}</span><span class=\"hidden\">{(column.LowerIsBetter ? "lower is better" : "higher is better")}</span></th>");
        }

        html.Add($"</tr></thead>\n");
        IReadOnlyDictionary<string, int> tones = Parts.Tones(table);
        IGrouping<string, ResultRow>[] modalities = [.. table.Rows.GroupBy(row => row.Modality, StringComparer.Ordinal)];
        foreach (IGrouping<string, ResultRow> modality in modalities)
        {
            html.Add($"<tbody>\n");
            if (modalities.Length > 1)
            {
                html.Add($"<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{columns.Count + 2}\">{modality.Key}</th></tr>\n");
            }

            foreach (ResultRow row in modality)
            {
                html.Add($"<tr><th scope=\"row\">{Key(tones[row.Method])}{row.Method}</th><td class=\"number\">{row.Seeds}</td>");
                foreach (ResultColumn column in columns)
                {
                    html.Add($"{Cell(column.Cell(row))}");
                }

                html.Add($"</tr>\n");
            }

            html.Add($"</tbody>\n");
        }
    }

    private static Html Key(int tone) => new Html().Add($"<svg class=\"key\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">{Parts.Marker(tone, 7, 7, 4.5)}</svg>");

    private static Html Cell(ResultCell? cell) => Html.Of(html =>
    {
        if (cell is null)
        {
            html.Add($"<td class=\"none\">–</td>");
            return;
        }

        html.Add($"<td class=\"rate\"><b>{Show.Percent(cell.Mean)}</b>{Parts.Bar(cell.Mean, cell.Interval)}<small>{Show.Percents(cell.Interval)}</small>");
        if (cell.Seeds.Values.Count > 1)
        {
            html.Add($"<small>seeds {Show.Percents(cell.Seeds.Low, cell.Seeds.High)}</small>");
        }

        if (cell.Failed > 0)
        {
            html.Add($"<small class=\"warn\">{cell.Failed} failed</small>");
        }

        html.Add($"</td>");
    });

    private static Html Legend(ResultTable table) => Html.Of(html =>
    {
        html.Add($"Bold: the mean over the seeds. Below it the 95% interval: Wilson's score, widened by drawing whole phrases again where cases repeat a phrase, since such cases are not independent. ");
        if (table.Rows.Any(row => row.Seeds > 1))
        {
            html.Add($"Seeds: the lowest and highest of them. ");
        }

        string[] sizes =
        [
            .. table.Columns.Select(column => (column.Title, Cell: table.Rows.Select(column.Cell).OfType<ResultCell>().FirstOrDefault()))
                .Where(c => c.Cell is not null)
                .Select(c => $"{c.Title} {c.Cell!.Cases} cases" + (c.Cell.Clusters < c.Cell.Cases ? $" of {c.Cell.Clusters} phrases" : "")),
        ];
        html.Add($"Per seed: {string.Join("; ", sizes)}.");
    });
}
