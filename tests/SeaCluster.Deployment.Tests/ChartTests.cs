using System.Text.Json.Nodes;
using SeaCluster.Orleans;
using SeaCluster.Telemetry;

namespace SeaCluster.Deployment.Tests;

/// <summary>Real helm, over a matrix of values.</summary>
public sealed class ChartTests
{
    [ToolsTheory]
    [MemberData(nameof(Chart.Shapes), MemberType = typeof(Chart))]
    public async Task Helm_lints_it(string values)
    {
        (int exit, string output, string error) = await DeploymentTools.HelmAsync(["lint", Chart.Folder, "--strict", .. Chart.Set(values)]);
        exit.ShouldBe(0, output + error);
        output.ShouldContain("1 chart(s) linted, 0 chart(s) failed");
    }

    [ToolsTheory]
    [MemberData(nameof(Chart.Shapes), MemberType = typeof(Chart))]
    public async Task Its_objects_are_what_Kubernetes_schemas_allow(string values)
    {
        Chart chart = await Chart.RenderAsync(values);
        (int exit, string output, string error) = await DeploymentTools.NodeAsync("validate.mjs", chart.Text);
        exit.ShouldBe(0, output + error);
        output.ShouldBe($"{chart.Objects.Count} objects are valid\n");
        chart.Objects.Select(each => $"{each["kind"]}/{each["metadata"]!["name"]}").ShouldBeUnique();
        chart.Objects.ShouldAllBe(each => each["metadata"]!["name"]!.GetValue<string>().Length <= 63);
    }

    [ToolsFact]
    public async Task A_key_that_Kubernetes_does_not_know_is_found()
    {
        Chart chart = await Chart.RenderAsync("worker.autoscaling.kind=keda");
        string slipped = chart.Text.Replace("readOnlyRootFilesystem", "readOnlyRootFilesystm", StringComparison.Ordinal).Replace("cooldownPeriod", "coolDownPeriod", StringComparison.Ordinal);
        (int exit, string output, string _) = await DeploymentTools.NodeAsync("validate.mjs", slipped);
        exit.ShouldBe(1);
        output.ShouldContain("Deployment.spec.template.spec.containers[0].securityContext.readOnlyRootFilesystm is no key of apps/v1 Deployment");
        output.ShouldContain("ScaledObject.spec.coolDownPeriod is no key of keda.sh/v1alpha1 ScaledObject");
    }

    [ToolsTheory]
    [MemberData(nameof(Chart.Shapes), MemberType = typeof(Chart))]
    public async Task Every_pod_is_unprivileged_and_bounded(string values)
    {
        foreach ((string name, JsonNode pod) in (await Chart.RenderAsync(values)).Pods)
        {
            JsonNode security = pod["securityContext"]!;
            security["runAsNonRoot"]!.GetValue<bool>().ShouldBeTrue(name);
            Number(security["runAsUser"]).ShouldBeGreaterThan(0, name);
            security["seccompProfile"]!["type"]!.GetValue<string>().ShouldBe("RuntimeDefault", name);
            pod["automountServiceAccountToken"]!.GetValue<bool>().ShouldBeFalse(name);
            foreach (JsonNode? container in pod["containers"]!.AsArray())
            {
                JsonNode own = container!["securityContext"]!;
                own["readOnlyRootFilesystem"]!.GetValue<bool>().ShouldBeTrue(name);
                own["allowPrivilegeEscalation"]!.GetValue<bool>().ShouldBeFalse(name);
                own["capabilities"]!["drop"]!.AsArray().Select(each => each!.GetValue<string>()).ShouldBe(["ALL"], name);
                container["resources"]!["requests"]!["memory"].ShouldNotBeNull(name);
                container["resources"]!["limits"]!["memory"].ShouldNotBeNull(name);
                container["volumeMounts"]!.AsArray().ShouldContain(mount => mount!["mountPath"]!.GetValue<string>() == "/tmp", name);
                foreach (JsonNode? mount in container["volumeMounts"]!.AsArray())
                {
                    pod["volumes"]!.AsArray().ShouldContain(volume => volume!["name"]!.GetValue<string>() == mount!["name"]!.GetValue<string>(), name);
                }
            }
        }
    }

    [ToolsTheory]
    [MemberData(nameof(Chart.Shapes), MemberType = typeof(Chart))]
    public async Task Probes_and_services_use_the_ports_that_commands_listen_on_and_the_paths_that_they_serve(string values)
    {
        Chart chart = await Chart.RenderAsync(values);
        foreach ((string name, JsonNode pod) in chart.Pods.Where(each => !each.Name.EndsWith("-migrate", StringComparison.Ordinal)))
        {
            JsonNode container = pod["containers"]![0]!;
            List<string> arguments = [.. container["args"]!.AsArray().Select(each => each!.ToString())];
            int listens = new Uri(arguments[arguments.IndexOf("--urls") + 1].Replace("+", "any", StringComparison.Ordinal)).Port;
            JsonNode port = container["ports"]!.AsArray().Single(each => Number(each!["containerPort"]) == listens)!;
            foreach (JsonNode? other in container["ports"]!.AsArray().Where(each => each != port))
            {
                string option = other!["name"]!.GetValue<string>() == "silo" ? "--port" : "--gateway-port";
                arguments[arguments.IndexOf(option) + 1].ShouldBe(other["containerPort"]!.ToString(), name);
            }

            foreach ((string probe, string path) in new[] { ("startupProbe", SeaPaths.Startup), ("livenessProbe", SeaPaths.Live), ("readinessProbe", SeaPaths.Ready) })
            {
                container[probe]!["httpGet"]!["path"]!.GetValue<string>().ShouldBe(path, name);
                container[probe]!["httpGet"]!["port"]!.GetValue<string>().ShouldBe(port["name"]!.GetValue<string>(), name);
            }
        }

        HashSet<string> ports = [.. chart.Pods.SelectMany(each => each.Pod["containers"]![0]!["ports"]?.AsArray().Select(port => port!["name"]!.GetValue<string>()) ?? [])];
        foreach (JsonNode service in chart.Objects.Where(each => each["kind"]!.GetValue<string>() == "Service" && ports.Count > 1))
        {
            service["spec"]!["ports"]!.AsArray().Select(port => port!["targetPort"]!.GetValue<string>()).ShouldBeSubsetOf(ports);
        }

        foreach (JsonNode monitor in chart.Objects.Where(each => each["kind"]!.GetValue<string>() == "ServiceMonitor"))
        {
            monitor["spec"]!["endpoints"]!.AsArray().ShouldAllBe(endpoint => endpoint!["path"]!.GetValue<string>() == SeaPaths.Metrics);
        }
    }

    [ToolsTheory]
    [InlineData("", "seacluster-worker", 150)]
    [InlineData("worker.grace=600", "seacluster-worker", 630)]
    [InlineData("", "seacluster-trainer", 315)]
    [InlineData("", "seacluster-server", 45)]
    [InlineData("silos.enabled=true", "seacluster-silo-gpu", 45)]
    public async Task A_pod_outlives_the_grace_of_its_command(string values, string name, int seconds)
    {
        (string _, JsonNode pod) = (await Chart.RenderAsync(values)).Pods.Single(each => each.Name == name);
        Number(pod["terminationGracePeriodSeconds"]).ShouldBe(seconds);
        List<string> arguments = [.. pod["containers"]![0]!["args"]!.AsArray().Select(each => each!.ToString())];
        if (arguments.IndexOf("--grace") is > 0 and var at)
        {
            seconds.ShouldBeGreaterThan(int.Parse(arguments[at + 1], System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [ToolsFact]
    public async Task Selectors_find_their_pods_and_metrics_of_all_are_scraped()
    {
        Chart chart = await Chart.RenderAsync("");
        List<(string Name, JsonNode Labels)> pods = [.. chart.Objects.Where(each => each["kind"]!.GetValue<string>() == "Deployment")
            .Select(each => (each["metadata"]!["name"]!.GetValue<string>(), each["spec"]!["template"]!["metadata"]!["labels"]!))];
        IEnumerable<string> Found(JsonNode? selector) => pods.Where(pod => selector!.AsObject().All(label => pod.Labels[label.Key]?.ToString() == label.Value!.ToString())).Select(pod => pod.Name);
        foreach (JsonNode workload in chart.Objects.Where(each => each["kind"]!.GetValue<string>() == "Deployment"))
        {
            Found(workload["spec"]!["selector"]!["matchLabels"]).ShouldBe([workload["metadata"]!["name"]!.GetValue<string>()]);
        }

        Found(Single(chart, "Service", "seacluster-metrics")["spec"]!["selector"]).ShouldBe(["seacluster-trainer", "seacluster-worker"], ignoreOrder: true);
        Found(Single(chart, "Service", "seacluster-server")["spec"]!["selector"]).ShouldBe(["seacluster-server"]);
        Found(Single(chart, "PodDisruptionBudget", "seacluster-worker")["spec"]!["selector"]!["matchLabels"]).ShouldBe(["seacluster-worker"]);
        Found(Single(chart, "NetworkPolicy", "seacluster")["spec"]!["podSelector"]!["matchLabels"]).Count().ShouldBe(3);
        JsonNode monitored = Single(chart, "ServiceMonitor", "seacluster")["spec"]!["selector"]!["matchLabels"]!;
        chart.Objects.Where(each => each["kind"]!.GetValue<string>() == "Service").ShouldAllBe(service => monitored.AsObject().All(label => service["metadata"]!["labels"]![label.Key]!.ToString() == label.Value!.ToString()));
    }

    [ToolsFact]
    public async Task Silos_are_reached_at_their_pods_address_by_the_release_alone()
    {
        Chart chart = await Chart.RenderAsync("silos.enabled=true,silos.port=12000,silos.gatewayPort=12001");
        foreach (string role in new[] { "gpu", "trainer" })
        {
            string name = $"seacluster-silo-{role}";
            JsonNode workload = Single(chart, "Deployment", name)["spec"]!, container = workload["template"]!["spec"]!["containers"]![0]!;
            List<string> arguments = [.. container["args"]!.AsArray().Select(each => each!.ToString())];
            string Of(string option) => arguments[arguments.IndexOf(option) + 1];
            (Of("--role"), Of("--address"), Of("--cluster"), arguments.Contains("--window")).ShouldBe((role, "$(POD_IP)", "azure", role == "gpu"));
            container["env"]!.AsArray().Single(each => each!["name"]!.GetValue<string>() == "POD_IP")!["valueFrom"]!["fieldRef"]!["fieldPath"]!.GetValue<string>().ShouldBe("status.podIP");
            container["env"]!.AsArray().Single(each => each!["name"]!.GetValue<string>() == ClusterAddress.AzureVariable)!["valueFrom"]!["secretKeyRef"]!["name"]!.GetValue<string>().ShouldBe("seacluster-azure");
            JsonNode.DeepEquals(Single(chart, "PodDisruptionBudget", name)["spec"]!["selector"], workload["selector"]).ShouldBeTrue();
        }

        JsonNode policy = Single(chart, "NetworkPolicy", "seacluster-silos")["spec"]!, within = policy["ingress"]![0]!;
        JsonNode.DeepEquals(within["from"]![0]!["podSelector"], policy["podSelector"]).ShouldBeTrue();
        within["ports"]!.AsArray().Select(port => Number(port!["port"])).ShouldBe([12000, 12001]);
        policy["egress"]!.AsArray().SelectMany(rule => rule!["ports"]!.AsArray()).Select(port => Number(port!["port"])).ShouldBe([12000, 12001, 443]);
        JsonNode elsewhere = Single(await Chart.RenderAsync("silos.enabled=true,silos.cluster=postgres://sea@db/sea"), "NetworkPolicy", "seacluster-silos")["spec"]!;
        elsewhere["egress"]!.AsArray().SelectMany(rule => rule!["ports"]!.AsArray()).Select(port => Number(port!["port"])).ShouldBe([11111, 30000]);
    }

    [ToolsFact]
    public async Task Gpus_choose_the_image_and_the_resource()
    {
        JsonNode gpu = (await Chart.RenderAsync("")).Pods.Single(each => each.Name == "seacluster-worker").Pod["containers"]![0]!;
        gpu["image"]!.GetValue<string>().ShouldBe("seacluster-cuda:0.1.0");
        Number(gpu["resources"]!["limits"]!["nvidia.com/gpu"]).ShouldBe(1);
        JsonNode cpu = (await Chart.RenderAsync("worker.gpus=0")).Pods.Single(each => each.Name == "seacluster-worker").Pod["containers"]![0]!;
        cpu["image"]!.GetValue<string>().ShouldBe("seacluster:0.1.0");
        cpu["resources"]!["limits"]!["nvidia.com/gpu"].ShouldBeNull();
    }

    [ToolsFact]
    public async Task No_secret_is_in_the_chart_and_passwords_come_from_existing_ones()
    {
        Chart chart = await Chart.RenderAsync("languageModel.existingSecret.name=openai");
        chart.Objects.ShouldNotContain(each => each["kind"]!.GetValue<string>() == "Secret");
        foreach ((string name, JsonNode pod) in chart.Pods)
        {
            JsonArray environment = pod["containers"]![0]!["env"]!.AsArray();
            environment.Single(each => each!["name"]!.GetValue<string>() == "PGPASSWORD")!["valueFrom"]!["secretKeyRef"]!["name"]!.GetValue<string>().ShouldBe("seacluster-ledger", name);
            environment.Any(each => each!["name"]!.GetValue<string>() == "OPENAI_API_KEY").ShouldBe(name == "seacluster-trainer", name);
        }
    }

    [ToolsFact]
    public async Task Rules_and_dashboards_arrive_as_they_are_in_the_files()
    {
        Chart chart = await Chart.RenderAsync("telemetry.prometheusRule.runbookBase=https://runbooks.example.com/");
        JsonNode rules = Single(chart, "PrometheusRule", "seacluster")["spec"]!["groups"]!;
        rules.AsArray().Select(group => group!["name"]!.GetValue<string>()).ShouldBe(["seacluster.recording", "seacluster.alerts"]);
        rules[1]!["rules"]!.AsArray().ShouldAllBe(rule => rule!["annotations"]!["runbook_url"]!.GetValue<string>().StartsWith("https://runbooks.example.com/docs/operations.md#seacluster", StringComparison.Ordinal));
        rules[1]!["rules"]![0]!["annotations"]!["summary"]!.GetValue<string>().ShouldStartWith("Run {{ $labels.seacluster_run }}:");
        JsonObject dashboards = Single(chart, "ConfigMap", "seacluster-dashboards")["data"]!.AsObject();
        foreach (string file in new[] { "operators", "science" })
        {
            JsonNode.DeepEquals(JsonNode.Parse(dashboards[$"seacluster-{file}.json"]!.GetValue<string>()), JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Chart.Folder, "dashboards", $"{file}.json")))).ShouldBeTrue(file);
        }
    }

    private static JsonNode Single(Chart chart, string kind, string name) =>
        chart.Objects.Single(each => each["kind"]!.GetValue<string>() == kind && each["metadata"]!["name"]!.GetValue<string>() == name);

    private static int Number(JsonNode? node) => int.Parse(node!.ToString(), System.Globalization.CultureInfo.InvariantCulture);
}
