namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>Rows that were rejected or quarantined.</summary>
internal static class SetAsideSection
{
    private const int MostRows = 200;

    public static Section Of(IReadOnlyList<SetAsideRow> rows) => Section.Of(
        "set-aside",
        "Rows set aside",
        "Rows that validation rejected or that failed too often. They are kept with their reasons; the figures above are without them.",
        rows.Count,
        html =>
        {
            html.Add($"<ul class=\"counts\">\n");
            foreach (IGrouping<string, SetAsideRow> stage in rows.GroupBy(r => r.Stage, StringComparer.Ordinal))
            {
                html.Add($"<li><b>{stage.Count()}</b> in {stage.Key}</li>\n");
            }

            html.Add($"</ul>\n<details{(rows.Count <= 10 ? " open" : "")}>\n<summary>{(rows.Count > MostRows ? $"The first {MostRows} of {rows.Count} rows" : rows.Count == 1 ? "The row" : $"All {rows.Count} rows")}</summary>\n");
            html.Table("Rows set aside, with reasons", content =>
            {
                content.Add($"<thead><tr><th scope=\"col\">Row</th><th scope=\"col\">Stage</th><th scope=\"col\">Reason</th><th scope=\"col\" class=\"number\">Attempts</th></tr></thead>\n<tbody>\n");
                foreach (SetAsideRow row in rows.Take(MostRows))
                {
                    content.Add($"<tr><th scope=\"row\"><code>{row.Id}</code></th><td>{row.Stage}</td><td class=\"text\" dir=\"auto\">{row.Reason}</td><td class=\"number\">{(row.Attempts == 0 ? "–" : $"{row.Attempts}")}</td></tr>\n");
                }

                content.Add($"</tbody>\n");
            });
            html.Add($"</details>\n");
        });
}
