namespace SeaCluster.Method.Evaluation.Reporting;

/// <summary>What is needed to repeat the run.</summary>
internal static class ProvenanceSection
{
    public static Section Of(IReadOnlyList<ReportFact> facts) => Section.Of(
        "provenance",
        "Provenance",
        "What is needed to repeat this run.",
        facts.Count,
        html =>
        {
            html.Add($"<dl class=\"provenance\">\n");
            foreach (ReportFact fact in facts)
            {
                html.Add($"<div><dt>{fact.Label}</dt><dd><code>{fact.Value}</code>{Note(fact.Note)}</dd></div>\n");
            }

            html.Add($"</dl>\n");
        });

    private static Html Note(string? note) => Html.Of(html =>
    {
        if (note is not null)
        {
            html.Add($" <small>{note}</small>");
        }
    });
}
