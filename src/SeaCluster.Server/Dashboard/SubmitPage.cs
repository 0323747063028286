using Microsoft.AspNetCore.Http;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Server.Dashboard;

/// <summary>The form that submits a run.</summary>
internal static class SubmitPage
{
    private const string Example = """
        name: my-run
        model:
          path: models/llava
        data:
          path: data/rows.jsonl
          benign: data/benign.jsonl
        """;

    public static Page Of(Html formKey, IReadOnlyList<string> folders, string under, string? given = null, IReadOnlyList<SpecProblem>? wrong = null) => new(
        "New run",
        Html.Of($"""
        <h1>New run</h1>
        {Html.If(wrong is not null, () => Html.Of($"<div class=\"wrong\" id=\"problems\" role=\"alert\"><strong>{wrong!.Count} {(wrong.Count == 1 ? "problem" : "problems")} in the run spec</strong><ul>{Html.Each(wrong, each => Html.Of($"<li>{each.ToString()}</li>"))}</ul></div>"))}
        <section id="form" aria-label="Run spec">
        <form method="post" action="{under}/submit">
        {formKey}
        <label for="spec">Run spec (YAML)</label>
        <p class="hint" id="spec-hint">Relative paths are below the server's root; paths may lie in {string.Join(", ", folders)}. samples/run.example.yaml explains every option.</p>
        <textarea id="spec" name="spec" spellcheck="false" required aria-describedby="spec-hint{(wrong is null ? "" : " problems")}"{Html.If(wrong is not null, () => new Html(" aria-invalid=\"true\""))}>{given ?? Example}</textarea>
        <div class="actions"><button class="main">Submit</button></div>
        </form>
        </section>
        """),
        Status: wrong is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
}
