using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SeaCluster.Cli.Frame;
using SeaCluster.Runs.Specs;
using SeaCluster.Server.Client;
using SeaCluster.Server.Runs;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea submit</c>: a run for a server.</summary>
internal static class SubmitCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        Argument<string> spec = new("spec") { Description = "Run spec in YAML, as 'sea run' takes it; its paths must be the server's too" };
        RemoteOptions remote = new(required: true);
        Option<string[]> set = new("--set") { Description = "Override a key of the spec, such as --set synthesize.steps=20", HelpName = "KEY=VALUE", AllowMultipleArgumentsPerToken = false };
        Option<bool> deterministic = new("--deterministic") { Description = "Fix batches by the plan: killed and resumed equals undisturbed, byte for byte" };
        Option<bool> wait = new("--wait") { Description = "Wait for the run's end, and end with its exit code" };
        Option<bool> json = SharedOptions.Json();
        return new SeaCommand(
            "submit",
            "Submit a run to a 'sea serve', which drives it: 'status' and 'report' with the same --server watch it.",
            "submit my.yaml --server http://127.0.0.1:8080", "submit my.yaml --server https://sea --token-file ~/.sea-token --wait")
            .With([spec, .. remote.Symbols, set, deterministic, wait, json])
            .Does(async (parsed, cancel) =>
            {
                List<KeyValuePair<string, string>> overrides = [.. (parsed.GetValue(set) ?? []).Select(Overrides.Parse)];
                if (parsed.GetValue(deterministic))
                {
                    overrides.Add(new("synthesize.deterministic", "true"));
                }

                RunSpec read = SpecReader.Load(parsed.GetValue(spec)!, overrides, checkFiles: false);
                using ServerClient server = remote.Find(parsed)!;
                RunDocument run = await server.SubmitAsync(SpecWriter.ToYaml(read), cancel);
                if (parsed.GetValue(wait))
                {
                    Screen.Say($"submitted as {run.Id}");
                    run = await EndAsync(server, run, cancel);
                }

                if (parsed.GetValue(json))
                {
                    Screen.Json(run);
                }
                else
                {
                    Screen.Line(parsed.GetValue(wait) ? $"{run.Id}: {State(run)}{(run.Message is null ? "" : $"\n{run.Message}")}" : run.Id);
                }

                return !parsed.GetValue(wait) ? ExitCode.Done : run.State switch
                {
                    RunStanding.Done => ExitCode.Done,
                    RunStanding.Partly => ExitCode.PartlyDone,
                    RunStanding.Cancelled or RunStanding.Interrupted => ExitCode.Interrupted,
                    _ => ExitCode.Failed,
                };
            });
    }

    private static async Task<RunDocument> EndAsync(ServerClient server, RunDocument run, CancellationToken cancel)
    {
        string said = "";
        while (run.State is RunStanding.Queued or RunStanding.Running or RunStanding.Stopping)
        {
            StageDocument? stage = run.Stages.FirstOrDefault(each => each.State == SeaCluster.Runs.Ledgers.StageState.Running);
            string now = stage is null ? State(run) : string.Create(CultureInfo.InvariantCulture, $"{stage.Stage}{(stage.Samples is { } samples ? $": {samples.Done}/{samples.Total}" : "")}{(stage.RemainingSeconds is { } left ? $", {PlanText.Time(left)} left" : "")}");
            if (now != said)
            {
                Screen.Say(said = now);
            }

            await Task.Delay(Look, cancel);
            run = await server.RunAsync(run.Id, cancel);
        }

        return run;
    }

    private static string State(RunDocument run) => JsonNamingPolicy.SnakeCaseLower.ConvertName(run.State.ToString());
}
