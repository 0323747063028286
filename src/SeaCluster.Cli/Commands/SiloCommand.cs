using System.CommandLine;
using System.Text.Json;
using SeaCluster.Cli.Frame;
using SeaCluster.Orleans;
using SeaCluster.Runs.Stages;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea silo</c>: takes part in a cluster of Orleans silos.</summary>
internal static class SiloCommand
{
    public static Command Create()
    {
        Argument<string> root = new("runs") { Description = "Folder that holds the run folders, reached by every silo", HelpName = "DIR" };
        Option<SiloRole> role = new("--role") { Description = "gpu: works on samples; trainer: drives runs, aligns and evaluates", HelpName = "gpu|trainer", Required = true };
        Option<string> cluster = new("--cluster")
        {
            Description = $"What holds the cluster together: azure (the account in {ClusterAddress.AzureVariable}), postgres://sea@db/sea, or for development localhost[:PORT of its first silo]",
            HelpName = "WHERE",
            DefaultValueFactory = _ => "azure",
        };
        Option<string?> storage = new("--storage") { Description = "Where grains keep their state and reminders. Default: as --cluster", HelpName = "WHERE" };
        Option<string> name = ClusterOptions.Name();
        Option<string?> address = new("--address") { Description = "IP address at which the other silos reach this one. Default: this machine's", HelpName = "IP" };
        Option<int> port = Port("--port", "Port for the other silos", SiloSettings.DefaultPort);
        Option<int> gateway = Port("--gateway-port", "Port for 'sea run --cluster'", SiloSettings.DefaultGatewayPort);
        Option<int> window = new("--window") { Description = "Samples with this silo at once, in its lane and waiting", HelpName = "COUNT", DefaultValueFactory = _ => 32 };
        window.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (>= 1 and <= 4096))
            {
                result.AddError("--window: expected 1 to 4096.");
            }
        });
        Option<string?> device = SharedOptions.DeviceHere();
        Option<string[]> set = SharedOptions.SetHere();
        Option<string?> urls = SharedOptions.Urls("/metrics, /healthz, /readyz and /startupz");
        return new SeaCommand(
            "silo",
            ClusterOptions.Absent + "Take part in a cluster of Orleans silos, which do the runs that 'sea run --cluster' hands them: samples on the GPU silos, the rest on a trainer silo. docs/orleans.md says when.",
            "silo runs --role trainer --cluster localhost",
            "silo runs --role gpu --cluster localhost --port 11112 --gateway-port 30001",
            "silo /shared/runs --role gpu --cluster 'postgres://sea@db/sea'")
            .With(root, role, cluster, storage, name, address, port, gateway, window, device, set, urls)
            .Does(async (parsed, cancel) =>
            {
                SiloSettings settings = new()
                {
                    Root = parsed.GetValue(root)!,
                    Role = parsed.GetValue(role),
                    Cluster = ClusterAddress.Parse(parsed.GetValue(cluster)!),
                    Storage = parsed.GetValue(storage) is { } apart ? ClusterAddress.Parse(apart) : null,
                    Name = parsed.GetValue(name)!,
                    Address = parsed.GetValue(address),
                    Port = parsed.GetValue(port),
                    GatewayPort = parsed.GetValue(gateway),
                    Window = parsed.GetValue(window),
                    Overrides = Overrides.Here(parsed.GetValue(set), parsed.GetValue(device)),
                };
                Cluster.Require();
                ProcessHealth health = ProcessHealth.Current;
                await using CancellationTokenRegistration draining = cancel.Register(health.Drain);
                health.ExpectDevice();
                await using TelemetryHost telemetry = await TelemetryHost.StartAsync(
                    parsed.GetValue(urls), told => (told.Service, told.Runs) = ("sea-silo", settings.Role == SiloRole.Trainer ? settings.Root : null), cancel);
                foreach (string at in telemetry.Addresses)
                {
                    Screen.Say($"silo: metrics and health on {at}");
                }

                StageModel.OpenDevice(parsed.GetValue(device) ?? "auto", health);
                await Cluster.RunSiloAsync(settings, remark => Screen.Say(remark), Screen.Logs, cancel);
                return ExitCode.Done;
            });
    }

    private static Option<int> Port(string name, string description, int otherwise)
    {
        Option<int> port = new(name) { Description = description, HelpName = "PORT", DefaultValueFactory = _ => otherwise };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (>= 1 and <= 65535))
            {
                result.AddError($"{name}: expected 1 to 65535.");
            }
        });
        return port;
    }
}
