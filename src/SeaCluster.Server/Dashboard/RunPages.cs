using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Status;
using SeaCluster.Runs;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Dashboard;

/// <summary>One run's page.</summary>
/// <param name="View">Where it stands.</param>
/// <param name="Curve">Its losses.</param>
/// <param name="FormKey">The hidden field of its forms; null where whoever looks may change nothing.</param>
/// <param name="Under">What addresses begin with.</param>
internal sealed record RunPages(RunView View, (int Stride, IReadOnlyList<double> Losses, int Steps) Curve, Html? FormKey, string Under)
{
    private string Address => $"{Under}/runs/{Uri.EscapeDataString(View.Place.Id)}";

    public Page ToPage() => new(View.Name, Main(), $"/runs/{Uri.EscapeDataString(View.Place.Id)}/live");

    /// <summary>What the page shows. It is the same as long as nothing changed.</summary>
    public Html Main() => Html.Of($"""
        <section id="head" aria-label="Run">
        <h1>{View.Name} {StatePieces.Badge(View.Standing)}</h1>
        {Html.If(View.Message is not null, () => Html.Of($"<div class=\"wrong\">{View.Message}</div>"))}
        <dl class="facts">
        <dt>Id</dt><dd><code>{View.Place.Id}</code></dd>
        <dt>{(View.Request is null ? "Begun" : "Submitted")}</dt><dd>{Words.Moment(View.Since)}{Html.If(View.Request is not null, () => Html.Of($" by {View.Request!.By}"))}</dd>
        {Html.If(View.Holder is not null, () => Html.Of($"<dt>Driven by</dt><dd>process {View.Holder!.ProcessId} on {View.Holder.Machine} since {Words.Moment(View.Holder.Since)}</dd>"))}
        <dt>Folder</dt><dd><code>{View.Place.Folder.Path}</code></dd>
        </dl>
        <div class="actions">
        {Html.If(File.Exists(View.Place.Folder.Report), () => Html.Of($"<a class=\"button main\" id=\"report\" href=\"{Address}/report\">Open the report</a>"))}
        {Html.If(FormKey is not null && View.Moves && View.Request is { Wanted: true }, () => Order("cancel", "Cancel the run"))}
        {Html.If(FormKey is not null && View.Quarantined == 0 && View.Standing is (RunStanding.Cancelled or RunStanding.Interrupted or RunStanding.Killed or RunStanding.Failed), () => Order("retry", "Go on with the run"))}
        {Html.If(FormKey is not null && View is { Quarantined: 0, Standing: RunStanding.Done, Unjudged: > 0 }, () => Order("retry", $"Judge {Words.Count(View.Unjudged)} {(View.Unjudged == 1 ? "answer" : "answers")} again"))}
        </div>
        </section>
        <p id="summary" role="status" class="hint">{Summary()}</p>
        {Stages()}
        {Workers()}
        {Html.If(Curve.Losses.Count > 0, () => Html.Of($"<section id=\"loss\" aria-labelledby=\"loss-title\"><h2 id=\"loss-title\">Loss</h2>{LossChart.Of(Curve.Stride, Curve.Losses, Curve.Steps)}</section>"))}
        {Quarantine()}
        """);

    // Said by screen readers whenever it changes, so it changes with stages and not with samples.
    private string Summary()
    {
        StageStatus? stage = View.Status?.Stages.FirstOrDefault(each => each.State == StageState.Running);
        return $"{View.Name} is {View.Standing.ToString().ToLowerInvariant()}{(stage is null ? "" : $": {stage.Stage.Text()}")}{(View.Quarantined > 0 ? $", {View.Quarantined} in quarantine" : "")}.";
    }

    private Html Stages() => View.Status is not { } status
        ? Html.Of($"<section id=\"stages\" aria-label=\"Stages\"><p>The run waits for its turn.</p></section>")
        : Html.Of($"""
        <section id="stages" aria-labelledby="stages-title">
        <h2 id="stages-title">Stages</h2>
        <div class="wide" tabindex="0" role="region" aria-label="Table of stages">
        <table>
        <thead><tr><th scope="col">Stage</th><th scope="col">State</th><th scope="col">Samples</th><th scope="col" class="number">Rate</th><th scope="col" class="number">Left</th><th scope="col" class="number">Took</th><th scope="col" class="number">Planned</th><th scope="col">Result</th></tr></thead>
        <tbody>
        {Html.Each(status.Stages, stage => Html.Of($"""
        <tr>
        <th scope="row">{stage.Stage.Text()}</th>
        <td>{StatePieces.Badge(stage.State)}</td>
        <td class="progress">{Html.If(stage.Samples is not null, () => StatePieces.Bar(stage.Samples!))}</td>
        <td class="number">{(stage.PerSecond is { } rate ? Words.Rate(rate) : "")}</td>
        <td class="number">{(stage.Remaining is { } left ? Words.Time(left.TotalSeconds) : "")}</td>
        <td class="number">{(stage.Worked > TimeSpan.Zero ? Words.Time(stage.Worked.TotalSeconds) : "")}</td>
        <td class="number">{(stage.Planned?.Seconds is { } planned ? Words.Time(planned) : "")}</td>
        <td>{(stage.Error is null ? Html.Of($"<span class=\"figure\">{Figures(stage.Summary)}</span>") : Html.Of($"<span class=\"error bad\">{stage.Error}</span>"))}</td>
        </tr>
        """))}
        </tbody>
        </table>
        </div>
        </section>
        """);

    private Html Workers()
    {
        if (View.Reading is not { Workers: { Count: > 0 } workers } reading)
        {
            return Html.Empty;
        }

        int most = Math.Max(1, workers.Max(worker => worker.Samples));
        return Html.Of($"""
            <section id="workers" aria-labelledby="workers-title">
            <h2 id="workers-title">Lanes at work</h2>
            <div class="wide" tabindex="0" role="region" aria-label="Table of lanes">
            <table>
            <thead><tr><th scope="col">Worker</th><th scope="col">Stage</th><th scope="col">Samples in hand</th><th scope="col">Leases</th></tr></thead>
            <tbody>
            {Html.Each(workers, worker => Html.Of($"""
            <tr>
            <th scope="row">{worker.Worker}</th>
            <td>{worker.Stage}</td>
            <td class="progress"><svg class="bar" viewBox="0 0 160 10" width="160" height="10" aria-hidden="true" preserveAspectRatio="none"><rect class="leased" x="0" y="0" width="{160.0 * (worker.Samples - worker.Overdue) / most:0.##}" height="10"/><rect class="quarantined" x="{160.0 * (worker.Samples - worker.Overdue) / most:0.##}" y="0" width="{160.0 * worker.Overdue / most:0.##}" height="10"/></svg> <span class="figure">{worker.Samples}</span></td>
            <td>{(worker.Overdue == worker.Samples ? Html.Of($"<span class=\"bad\">over: the worker is gone, others take its samples</span>") : worker.Overdue > 0 ? Html.Of($"<span class=\"bad\">{worker.Overdue} over</span>") : Html.Of($"held"))}</td>
            </tr>
            """))}
            </tbody>
            </table>
            </div>
            {Html.If(reading.MoreLeases, () => Html.Of($"<p class=\"hint\">And more: only the first leases are looked at.</p>"))}
            </section>
            """);
    }

    private Html Quarantine()
    {
        if (View.Status is not { Quarantined: { Count: > 0 } samples })
        {
            return Html.Empty;
        }

        bool may = FormKey is not null && View.Standing is not (RunStanding.Running or RunStanding.Stopping);
        return Html.Of($"""
            <section id="quarantine" aria-labelledby="quarantine-title">
            <h2 id="quarantine-title">Quarantine</h2>
            <p>{Words.Count(View.Quarantined)} {(View.Quarantined == 1 ? "sample was" : "samples were")} given up after repeated failures{(View.Quarantined > samples.Count ? $"; the first {samples.Count} are shown" : "")}.</p>
            {Html.If(may, () => Html.Of($"<div class=\"actions\">{Order("retry", "Put all back and go on")}</div>"))}
            {Html.If(FormKey is not null && !may, () => Html.Of($"<p class=\"hint\">They can be put back once the run has ended.</p>"))}
            <div class="wide" tabindex="0" role="region" aria-label="Table of samples in quarantine">
            <table>
            <thead><tr><th scope="col">Sample</th><th scope="col">Stage</th><th scope="col" class="number">Attempts</th><th scope="col">Error</th><th scope="col">Since</th>{Html.If(may, () => Html.Of($"<th scope=\"col\">Put back</th>"))}</tr></thead>
            <tbody>
            {Html.Each(samples, sample => Html.Of($"""
            <tr>
            <th scope="row"><code>{sample.Sample}</code></th>
            <td>{sample.Stage.Text()}</td>
            <td class="number">{sample.Attempts}</td>
            <td><span class="error">{sample.Error}</span></td>
            <td>{Words.Moment(sample.Since)}</td>
            {Html.If(may, () => Html.Of($"<td>{Order("retry", "Retry", sample.Sample)}</td>"))}
            </tr>
            """))}
            </tbody>
            </table>
            </div>
            </section>
            """);
    }

    private Html Order(string order, string label, string? sample = null) => Html.Of($"""
        <form method="post" action="{Address}/{order}">{FormKey ?? Html.Empty}{Html.If(sample is not null, () => Html.Of($"<input type=\"hidden\" name=\"sample\" value=\"{sample}\">"))}<button id="{order}-{sample ?? "all"}"{Html.If(sample is not null, () => Html.Of($" aria-label=\"{label} {sample}\""))}>{label}</button></form>
        """);

    private static string Figures(string? summary) => summary is null || JsonNode.Parse(summary) is not JsonObject figures ? "" : string.Join(", ", figures
        .Where(figure => figure.Value is JsonValue)
        .Select(figure => $"{figure.Key.Replace('_', ' ')} {(figure.Value!.GetValueKind() == JsonValueKind.Number ? figure.Value.GetValue<double>().ToString("0.####", CultureInfo.InvariantCulture) : figure.Value.ToString())}"));
}
