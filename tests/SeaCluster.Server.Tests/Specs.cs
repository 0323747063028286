using SeaCluster.Tests;

namespace SeaCluster.Server.Tests;

/// <summary>Specs of the small world.</summary>
internal static class Specs
{
    /// <summary>A whole run of some seconds.</summary>
    public static string Tiny(string name = "tiny", int rows = 4, string more = "") => $$"""
        name: {{name}}
        model: { path: {{In("base-image")}}, device: cpu }
        data: { path: {{In("rows.jsonl")}}, benign: {{In("benign.jsonl")}}, limit: {{rows}} }
        prepare: { templates: {{In("preparation.json")}} }
        synthesize: { steps: 4, slots: 4 }
        align: { adapter: full, steps: 4, warmup: 1, checkpoint_every: 2 }
        evaluate: { cases: {{In("cases.jsonl")}}, max_new_tokens: 10, base: false }
        {{more}}
        """;

    private static string In(string name) => Repository.PathOf("samples", "demo", name);
}
