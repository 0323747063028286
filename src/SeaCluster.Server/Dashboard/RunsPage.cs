using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Dashboard;

/// <summary>The list of runs.</summary>
internal static class RunsPage
{
    public static Page Of(RunPage page, bool first, string under)
    {
        string moving = $"{page.Runs.Count(run => run.State == RunStanding.Running)} running, {page.Runs.Count(run => run.State == RunStanding.Queued)} waiting";
        return new Page("Runs", Html.Of($"""
            <h1>Runs</h1>
            <p id="summary" role="status">{(page.Runs.Count == 0 ? "No runs yet." : moving)}</p>
            <section id="runs" aria-label="Runs">
            {Html.If(page.Runs.Count == 0, () => Html.Of($"""<p>A run is submitted <a href="{under}/submit">here</a>, with <code>sea submit</code>, or begun beside the server with <code>sea run SPEC --out</code> in its folder.</p>"""))}
            {Html.If(page.Runs.Count > 0, () => Html.Of($"""
            <div class="wide" tabindex="0" role="region" aria-label="Table of runs">
            <table>
            <thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Stage</th><th scope="col">Samples</th><th scope="col" class="number">Rate</th><th scope="col" class="number">Left</th><th scope="col">Since</th></tr></thead>
            <tbody>
            {Html.Each(page.Runs, run => Row(run, under))}
            </tbody>
            </table>
            </div>
            """))}
            </section>
            <nav class="pages" aria-label="Pages">{Html.If(!first, () => Html.Of($"<a href=\"{under}/\">Newest runs</a>"))}{Html.If(page.Next is not null, () => Html.Of($"<a href=\"{under}/?cursor={page.Next}\" rel=\"next\">Older runs</a>"))}</nav>
            """), first ? "/live" : null);
    }

    private static Html Row(RunSummary run, string under) => Html.Of($"""
        <tr>
        <th scope="row"><a id="run-{run.Id}" href="{under}/runs/{Uri.EscapeDataString(run.Id)}">{run.Name}</a><span class="id">{run.Id}</span></th>
        <td>{StatePieces.Badge(run.State)}{Html.If(run.Message is not null, () => Html.Of($"<span class=\"message\">{Short(run.Message!)}</span>"))}</td>
        <td>{run.Stage}</td>
        <td class="progress">{Html.If(run.Samples is not null, () => StatePieces.Bar(run.Samples!))}</td>
        <td class="number">{(run.PerSecond is { } rate ? Words.Rate(rate) : "")}</td>
        <td class="number">{(run.RemainingSeconds is { } left ? Words.Time(left) : "")}</td>
        <td>{Words.Moment(run.Since)}{Html.If(run.By is not null, () => Html.Of($"<span class=\"id\">by {run.By}</span>"))}</td>
        </tr>
        """);

    private static string Short(string message) => message.Split('\n')[0] is var line && line.Length > 120 ? line[..119] + "…" : line;
}
