using System.Text.Json.Nodes;
using SeaCluster.Demo.Experiment;
using SeaCluster.Method.Evaluation;

namespace SeaCluster.Cli.Commands;

/// <summary>What <c>sea demo --json</c> prints: the command, the table, the ablations, the paired tests, what is perceived, and the time.</summary>
internal static class DemoJson
{
    public static JsonObject Of(DemoResult result, DemoOptions options)
    {
        JsonObject json = result.Table.ToJson(TimeSpan.FromSeconds(result.Seconds));
        json["command"] = options.Command + " --json";
        json["ablations"] = new ResultTable([.. result.Modalities.SelectMany(modality => modality.Ablations)]).ToJson(TimeSpan.Zero)["table"]!.DeepClone();
        json["comparisons"] = Tests(result, DemoReport.Comparisons);
        json["ablation_comparisons"] = Tests(result, DemoReport.AblationComparisons);
        json["perception"] = new JsonArray([.. result.Modalities.SelectMany(modality => modality.Perception.Select(figure => (JsonNode)new JsonObject
        {
            ["modality"] = modality.Name, ["method"] = figure.Method, ["question"] = figure.Question, ["trained"] = figure.Trained, ["right"] = figure.Right, ["asked"] = figure.Asked,
        }))]);
        json["stages"] = new JsonArray([.. result.Modalities.SelectMany(modality => modality.Stages.Select(stage => (JsonNode)new JsonObject
        {
            ["modality"] = modality.Name, ["stage"] = stage.Name, ["seconds"] = Math.Round(stage.Seconds, 1),
        }))]);
        return json;
    }

    private static JsonArray Tests(DemoResult result, Func<ModalityResult, IReadOnlyList<PairedComparison>> of) =>
        [.. result.Modalities.SelectMany(modality => of(modality).Select(test => (JsonNode)Test(modality.Name, test)))];

    private static JsonObject Test(string modality, PairedComparison test) => new()
    {
        ["modality"] = modality,
        ["first"] = test.First,
        ["second"] = test.Second,
        ["kind"] = test.Kind.ToString().ToLowerInvariant(),
        ["difference"] = Math.Round(test.Difference, 6),
        ["interval"] = new JsonArray(Math.Round(test.Widest.Low, 6), Math.Round(test.Widest.High, 6)),
        ["p"] = test.ClusterTest?.PValue ?? test.Test.PValue,
    };
}
