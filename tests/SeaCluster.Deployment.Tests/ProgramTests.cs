using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SeaCluster.EndToEnd.Tests;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Prometheus;
using SeaCluster.Tests;

namespace SeaCluster.Deployment.Tests;

/// <summary>What templates name exists in the program.</summary>
public sealed partial class ProgramTests
{
    // Read by the .NET runtime, the C library and the database client, not by the program.
    private static readonly string[] s_runtime = ["HOME", "DOTNET_EnableDiagnostics", "PGPASSWORD"];

    [ToolsTheory]
    [InlineData("migrate", "migrate")]
    [InlineData("worker", "worker")]
    [InlineData("server", "serve")]
    [InlineData("trainer", "trainer")]
    [InlineData("silo-gpu", "silo")]
    [InlineData("silo-trainer", "silo")]
    public async Task Every_command_and_option_of_a_container_is_in_the_programs_help(string component, string command)
    {
        List<string> used = [];
        foreach (string shape in Chart.AllShapes)
        {
            Chart chart = await Chart.RenderAsync(shape);
            foreach (JsonNode pod in chart.Pods.Select(each => each.Pod).Where(pod => pod["containers"]![0]!["name"]!.GetValue<string>() == component))
            {
                List<string> arguments = [.. pod["containers"]![0]!["args"]!.AsArray().Select(each => each!.ToString())];
                arguments[0].ShouldBe(command);
                used.AddRange(arguments.Where(argument => argument.StartsWith("--", StringComparison.Ordinal)));
            }
        }

        SeaResult all = await SeaProcess.Run("--help"), help = await SeaProcess.Run(command, "--help");
        all.Output.ShouldMatch($@"(?m)^\s+{command}\b");
        help.ExitCode.ShouldBe(0, help.All);
        used.ShouldNotBeEmpty();
        foreach (string option in used.Distinct())
        {
            help.Output.ShouldMatch($@"(?m)(^|\s){Regex.Escape(option)}\b", $"{command}: {option}");
        }
    }

    [ToolsTheory]
    [MemberData(nameof(Chart.Shapes), MemberType = typeof(Chart))]
    public async Task Every_environment_variable_is_one_that_the_program_reads(string values)
    {
        string sources = string.Join('\n', Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText));
        foreach ((string name, JsonNode pod) in (await Chart.RenderAsync(values)).Pods)
        {
            string arguments = pod["containers"]![0]!["args"]!.ToJsonString();
            foreach (string variable in pod["containers"]![0]!["env"]!.AsArray().Select(each => each!["name"]!.GetValue<string>()).Except(s_runtime))
            {
                if (arguments.Contains($"$({variable})", StringComparison.Ordinal))
                {
                    // Kubernetes puts it into the command line.
                    continue;
                }

                sources.ShouldContain($"\"{variable}\"", customMessage: $"{name}: {variable}");
            }
        }
    }

    [ToolsTheory]
    [InlineData("worker.autoscaling.kind=hpa")]
    [InlineData("worker.autoscaling.kind=keda")]
    public async Task What_scales_workers_is_a_family_of_the_program(string values)
    {
        SeaInstrumentation.Initialize();
        HashSet<string> families = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == SeaInstrumentation.Name)
            {
                families.Add(PrometheusText.NameOf(instrument));
            }
        };
        listener.Start();
        Chart chart = await Chart.RenderAsync(values);
        JsonNode scaler = chart.Objects.Single(each => each["kind"]!.GetValue<string>() is "HorizontalPodAutoscaler" or "ScaledObject");
        string[] named = [.. FamilyPattern().Matches(scaler["spec"]!.ToJsonString()).Select(match => match.Value)];
        named.ShouldNotBeEmpty();
        named.ShouldBeSubsetOf(families);
    }

    [GeneratedRegex(@"seacluster_\w+")]
    private static partial Regex FamilyPattern();
}
