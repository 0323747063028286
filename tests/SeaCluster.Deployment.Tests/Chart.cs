using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Tests;
using YamlDotNet.Serialization;

namespace SeaCluster.Deployment.Tests;

/// <summary>The chart, rendered with some values.</summary>
internal sealed class Chart
{
    public const string Release = "seacluster";

    private static readonly string[] s_shapes =
    [
        "",
        "worker.gpus=0,trainer.gpus=0,worker.device=cpu",
        "worker.autoscaling.kind=hpa",
        "worker.autoscaling.kind=keda,worker.autoscaling.minReplicas=0",
        "server.enabled=false",
        "trainer.enabled=false",
        "server.enabled=false,trainer.enabled=false",
        "worker.enabled=false",
        "storage.existingClaim=shared,models.existingClaim=checkpoints,languageModel.existingSecret.name=openai,telemetry.otlpEndpoint=http://otel:4317",
        "server.ingress.enabled=true,server.ingress.className=nginx,server.ingress.tlsSecret=tls",
        "telemetry.serviceMonitor.enabled=false,telemetry.prometheusRule.enabled=false,telemetry.dashboards.enabled=false,networkPolicy.enabled=false,worker.podDisruptionBudget.enabled=false,serviceAccount.create=false,ledger.migrate.enabled=false",
        "nameOverride=other,serviceAccount.name=mine,image.tag=v9,image.cuda.tag=v9-cuda,image.pullSecrets[0].name=pull,ledger.existingSecret.name=",
        "fullnameOverride=a-name-that-is-longer-than-any-kubernetes-object-can-bear-at-all",
        "telemetry.logFormat=text,telemetry.port=9999,server.port=9000,worker.grace=600,worker.set[0]=model.path=/models/x,worker.extraArgs[0]=--once,telemetry.prometheusRule.runbookBase=https://runbooks.example.com/",
        "silos.enabled=true,networkPolicy.azure[0].ipBlock.cidr=10.1.0.0/16",
        "silos.enabled=true,silos.cluster=postgres://sea@db/sea,silos.existingSecret.name=,silos.gpu.gpus=0,silos.trainer.gpus=0,silos.gpu.device=cpu,silos.gpu.set[0]=model.path=/models/x,worker.enabled=false,trainer.enabled=false",
        "silos.enabled=true,silos.cluster=postgres://sea@db/sea,silos.storage=azure,silos.port=12000,silos.gatewayPort=12001,silos.gpu.extraArgs[0]=--verbose,silos.gpu.podAnnotations.a=b,silos.trainer.replicas=1",
        "networkPolicy.clients[0].podSelector.matchLabels.app=web,networkPolicy.ledger[0].podSelector.matchLabels.app=postgres,networkPolicy.languageModels[0].ipBlock.cidr=10.0.0.0/8",
    ];

    private Chart(string text, IReadOnlyList<JsonNode> objects) => (Text, Objects) = (text, objects);

    /// <summary>Every shape that the tests render.</summary>
    public static TheoryData<string> Shapes => [.. s_shapes];

    /// <summary>The same as texts.</summary>
    public static IReadOnlyList<string> AllShapes => s_shapes;

    public static string Folder => Repository.PathOf("helm", "seacluster");

    /// <summary>As helm writes it.</summary>
    public string Text { get; }

    /// <summary>Its objects.</summary>
    public IReadOnlyList<JsonNode> Objects { get; }

    /// <summary>Pods of its workloads, with the workload's name.</summary>
    public IEnumerable<(string Name, JsonNode Pod)> Pods => Objects.Where(each => each["kind"]!.GetValue<string>() is "Deployment" or "StatefulSet" or "Job")
        .Select(each => (each["metadata"]!["name"]!.GetValue<string>(), each["spec"]!["template"]!["spec"]!));

    public static async Task<Chart> RenderAsync(string values)
    {
        (int exit, string output, string error) = await DeploymentTools.HelmAsync(["template", Release, Folder, "--namespace", "seacluster", .. Set(values)]);
        exit.ShouldBe(0, error);
        return new Chart(output, [.. Documents(output)]);
    }

    /// <summary>Arguments of helm for some values.</summary>
    public static string[] Set(string values) => values.Length == 0 ? [] : ["--set", values];

    /// <summary>YAML documents as JSON.</summary>
    public static IEnumerable<JsonNode> Documents(string yaml)
    {
        IDeserializer read = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        foreach (string document in ("\n" + yaml).Split("\n---", StringSplitOptions.RemoveEmptyEntries))
        {
            if (read.Deserialize<object?>(document) is { } value)
            {
                yield return JsonNode.Parse(JsonSerializer.Serialize(Plain(value)))!;
            }
        }
    }

    private static object? Plain(object? value) => value switch
    {
        IDictionary<object, object?> map => map.ToDictionary(pair => pair.Key.ToString()!, pair => Plain(pair.Value), StringComparer.Ordinal),
        IList<object?> list => list.Select(Plain).ToList(),
        _ => value,
    };
}
