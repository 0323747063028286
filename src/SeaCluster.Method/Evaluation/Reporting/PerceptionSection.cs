using SeaCluster.Method.Evaluation.Statistics;

namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>What the frozen model perceives in the synthetic encoder outputs.</summary>
internal static class PerceptionSection
{
    public static Section Of(IReadOnlyList<PerceptionFigure> figures) => Section.Of(
        "perception",
        "Perception",
        "What the frozen model says of the synthetic encoder outputs. Questions that the optimisation trained on are answered almost by construction; only the other questions tell whether the thing itself is perceived.",
        figures.Count,
        html => html.Table("Synthetic encoder outputs perceived, by question", content =>
        {
            bool modalities = figures.Select(f => f.Modality).Distinct(StringComparer.Ordinal).Skip(1).Any();
            content.Add($"<thead><tr><th scope=\"col\">Question</th><th scope=\"col\">Trained on</th><th scope=\"col\">Perceived</th></tr></thead>\n<tbody>\n");
            foreach (PerceptionFigure figure in figures)
            {
                double share = figure.Total == 0 ? 0 : figure.Hits / (double)figure.Total;
                Interval interval = Proportion.Wilson(figure.Hits, figure.Total);
                content.Add($"<tr><th scope=\"row\" class=\"wrap\">{(modalities ? $"{figure.Modality}: " : "")}{figure.Question}</th><td>{(figure.Trained ? "yes" : "no")}</td>");
                content.Add($"<td class=\"rate\"><b>{Show.Percent(share)}</b> <small>{figure.Hits} of {figure.Total}</small>{Parts.Bar(share, interval)}<small>{Show.Percents(interval)}</small></td></tr>\n");
            }

            content.Add($"</tbody>\n");
        }, "narrow"));
}
