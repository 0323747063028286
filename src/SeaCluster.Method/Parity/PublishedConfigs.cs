using System.Text.Json;
using SeaCluster.Models;
using SeaCluster.Models.Configuration;

namespace SeaCluster.Method.Parity;

/// <summary>Configurations of public checkpoints: resolved sizes and exact parameter counts.</summary>
internal static class PublishedConfigs
{
    public const string Folder = "published_configs";
    public const string Expected = "expected.json";

    public static void Check(ParityCollector rows, string expected)
    {
        rows.Share("published configs", [Expected], () =>
        {
            foreach ((string name, Dictionary<string, JsonElement> figures) in FixtureJson.Read<Dictionary<string, Dictionary<string, JsonElement>>>(expected))
            {
                string file = Path.Combine(Path.GetDirectoryName(expected)!, name + ".json");
                foreach ((string figure, JsonElement value) in figures)
                {
                    rows.Check($"published config {name}", figure, Tolerances.Equal, () => Same(Found(ModelConfig.Read(file), figure), value) ? 0 : 1, value.GetRawText());
                }
            }
        });
    }

    private static object? Found(ModelConfig config, string figure) => figure switch
    {
        "parameters" => config.ParameterCount,
        "language_model_parameters" => config.LanguageModelParameterCount,
        "hidden_size" => config.Text.HiddenSize,
        "layers" => config.Text.Layers,
        "heads" => config.Text.Heads,
        "kv_heads" => config.Text.KvHeads,
        "ffn" => config.Text.IntermediateSize,
        "vocab_size" => config.Text.VocabSize,
        "rms_norm_eps" => config.Text.RmsNormEps,
        "rope_theta" => config.Text.RopeTheta,
        "mrope_section" => config.Text.MropeSection,
        "tied" => config.Text.Tied,
        "encoder_hidden" => config.EncoderHidden,
        "encoder_layers" => config.EncoderLayers,
        _ => throw new SeaException($"the figure '{figure}' is not known"),
    };

    private static bool Same(object? found, JsonElement expected) => expected.ValueKind switch
    {
        JsonValueKind.Null => found is null,
        JsonValueKind.True or JsonValueKind.False => found is bool flag && flag == expected.GetBoolean(),
        JsonValueKind.Array => found is IEnumerable<int> list && list.SequenceEqual(expected.EnumerateArray().Select(entry => entry.GetInt32())),
        _ => found is not null && Convert.ToDouble(found, System.Globalization.CultureInfo.InvariantCulture) == expected.GetDouble(),
    };
}
