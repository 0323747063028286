using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Tests;

namespace SeaCluster.Deployment.Tests;

/// <summary>Values, their schema, the chart's README and the plain manifests say the same. SEA_WRITE_GENERATED=1 writes what is generated.</summary>
public sealed class ValuesTests
{
    private const string Begin = "<!-- values -->\n", End = "<!-- end of values -->\n";

    private static bool Writes => Environment.GetEnvironmentVariable("SEA_WRITE_GENERATED") == "1";

    [Fact]
    public void Every_key_is_described_and_every_description_has_a_key()
    {
        (string Key, JsonNode Schema, JsonNode? Value)[] keys = [.. Keys()];
        keys.Length.ShouldBeGreaterThan(100);
        foreach ((string key, JsonNode schema, _) in keys)
        {
            (schema["description"]?.GetValue<string>() ?? "").ShouldEndWith(".", customMessage: key);
        }
    }

    [ToolsTheory]
    [InlineData("worker.replica=3", "additional properties 'replica' not allowed")]
    [InlineData("worker.replicas=-1", "/worker/replicas")]
    [InlineData("worker.autoscaling.kind=vpa", "value must be one of 'none', 'hpa', 'keda'")]
    [InlineData("telemetry.port=99999", "/telemetry/port")]
    [InlineData("ledger.url=postgres://sea:secret@db/sea", "/ledger/url")]
    [InlineData("storage.path=runs", "/storage/path")]
    [InlineData("silos.cluster=postgres://sea:secret@db/sea", "/silos/cluster")]
    [InlineData("silos.gpu.window=0", "/silos/gpu/window")]
    [InlineData("podSecurity.user=0", "/podSecurity/user")]
    public async Task Wrong_values_are_refused_by_name(string values, string told)
    {
        (int exit, string _, string error) = await DeploymentTools.HelmAsync(["template", Chart.Release, Chart.Folder, .. Chart.Set(values)]);
        exit.ShouldNotBe(0);
        error.ShouldContain(told);
    }

    [Fact]
    public async Task The_charts_readme_has_every_key_with_its_default_and_description()
    {
        StringBuilder table = new();
        table.Append("| key | default | what |\n| --- | --- | --- |\n");
        foreach ((string key, JsonNode schema, JsonNode? value) in Keys().Where(each => each.Schema["properties"] is null))
        {
            table.Append(CultureInfo.InvariantCulture, $"| `{key}` | `{(value is null ? "" : value.ToJsonString(s_plain))}` | {schema["description"]!.GetValue<string>().Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }

        string file = Path.Combine(Chart.Folder, "README.md"), text = await File.ReadAllTextAsync(file);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, end = text.IndexOf(End, StringComparison.Ordinal);
        string whole = text[..begin] + table + text[end..];
        if (Writes)
        {
            await File.WriteAllTextAsync(file, whole);
        }
        else
        {
            text.ShouldBe(whole, "SEA_WRITE_GENERATED=1 writes it");
        }
    }

    [ToolsFact]
    public async Task The_plain_manifests_are_the_chart_with_its_defaults()
    {
        string rendered = "# Written from helm/seacluster with its default values; change them there. The namespace is the one that 'kubectl apply -n' names.\n" + (await Chart.RenderAsync("")).Text;
        string file = Repository.PathOf("k8s", "seacluster.yaml");
        if (Writes)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, rendered);
        }
        else
        {
            (await File.ReadAllTextAsync(file)).ShouldBe(rendered, "SEA_WRITE_GENERATED=1 writes it");
        }
    }

    private static readonly JsonSerializerOptions s_plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static IEnumerable<(string Key, JsonNode Schema, JsonNode? Value)> Keys()
    {
        JsonNode schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Chart.Folder, "values.schema.json")))!;
        JsonNode values = Chart.Documents(File.ReadAllText(Path.Combine(Chart.Folder, "values.yaml"))).Single();
        return Walk("", schema, values);
    }

    private static IEnumerable<(string Key, JsonNode Schema, JsonNode? Value)> Walk(string path, JsonNode schema, JsonNode? values)
    {
        JsonObject described = schema["properties"]!.AsObject();
        values!.AsObject().Select(value => value.Key).Except(described.Select(key => key.Key)).ShouldBeEmpty($"{path}: in values.yaml, not in values.schema.json");
        foreach ((string key, JsonNode? below) in described.Where(key => path.Length > 0 || key.Key != "global"))
        {
            string name = path.Length == 0 ? key : $"{path}.{key}";
            values.AsObject().ContainsKey(key).ShouldBeTrue($"{name}: in values.schema.json, not in values.yaml");
            yield return (name, below!, values[key]);
            if (below!["properties"] is not null)
            {
                foreach ((string, JsonNode, JsonNode?) inner in Walk(name, below, values[key]))
                {
                    yield return inner;
                }
            }
        }
    }
}
