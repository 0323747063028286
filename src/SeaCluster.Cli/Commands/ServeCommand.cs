using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SeaCluster.Cli.Frame;
using SeaCluster.Models;
using SeaCluster.Server;
using SeaCluster.Server.Driving;
using SeaCluster.Server.Runs;

namespace SeaCluster.Cli.Commands;

/// <summary><c>sea serve</c>: the HTTP API and the dashboard.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        Argument<string> root = DriverOptionsOnTheLine.Root();
        Option<string?> ledger = DriverOptionsOnTheLine.Ledger();
        Option<int> parallel = DriverOptionsOnTheLine.Parallel();
        Option<string> urls = new("--urls") { Description = "Addresses to listen on, separated by semicolons. Others than this machine's need a token ('token create'); https needs a certificate in Kestrel's settings", HelpName = "URLS", DefaultValueFactory = _ => "http://127.0.0.1:8080" };
        Option<string?> settings = SharedOptions.File(new Option<string?>("--settings") { Description = "JSON file of Kestrel's settings, such as Kestrel:Certificates; variables such as Kestrel__Certificates__Default__Path do the same", HelpName = "FILE" });
        Option<bool> noDrive = new("--no-drive") { Description = "Drive no runs: 'sea trainer' does, here or elsewhere" };
        Option<string[]> allow = SharedOptions.Existing(new Option<string[]>("--allow") { Description = "Folder that submitted specs may name paths in; may be given several times. Default: DIR itself", HelpName = "FOLDER", AllowMultipleArgumentsPerToken = false });
        Option<string[]> endpoints = new("--allow-endpoint") { Description = "Host that submitted specs may ask as a language service although its address is private; may be given several times", HelpName = "HOST", AllowMultipleArgumentsPerToken = false };
        Option<string[]> keys = new("--allow-key") { Description = "Environment variable whose value submitted specs may send to a language service as its key; may be given several times. Default: OPENAI_API_KEY", HelpName = "NAME", AllowMultipleArgumentsPerToken = false };
        return new SeaCommand(
            "serve",
            "Serve the runs below a folder over HTTP: an API, a dashboard in the browser, and submitted runs driven one after the other. Without tokens only this machine is served.",
            "serve runs", "serve runs --urls http://127.0.0.1:9000 --parallel 2", "serve /shared/runs --urls http://0.0.0.0:8080 --no-drive", "serve runs --allow /data --allow-endpoint judge.internal")
        {
            Resumable = true,
        }
            .With(root, ledger, urls, settings, parallel, noDrive, allow, endpoints, keys)
            .Does(async (parsed, cancel) =>
            {
                SpecLimits limits = new() { Folders = [Path.GetFullPath(parsed.GetValue(root)!), .. (parsed.GetValue(allow) ?? []).Select(Path.GetFullPath)], Endpoints = parsed.GetValue(endpoints) ?? [] };
                ServerOptions options = new()
                {
                    Root = parsed.GetValue(root)!,
                    Ledger = parsed.GetValue(ledger),
                    Urls = parsed.GetValue(urls)!.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                    Settings = parsed.GetValue(settings),
                    Drive = !parsed.GetValue(noDrive),
                    Parallel = parsed.GetValue(parallel),
                    Command = ChildCommand.Own,
                    Logs = Screen.Logs,
                    Limits = parsed.GetValue(keys) is { Length: > 0 } named ? limits with { KeyVariables = named } : limits,
                };
                await using WebApplication server = SeaServer.Build(options, TimeProvider.System, remark => Screen.Say(remark));
                try
                {
                    await server.StartAsync(cancel);
                }
                catch (Exception error) when (error is IOException or InvalidOperationException or FormatException)
                {
                    throw new SeaException($"cannot listen on {string.Join(", ", options.Urls)}: {error.Message}", "give other --urls, or stop who listens there", error);
                }

                Screen.Say($"serving {options.Root} at {string.Join(", ", server.Urls)}");
                IHostApplicationLifetime lifetime = server.Services.GetRequiredService<IHostApplicationLifetime>();
                await Task.Delay(Timeout.Infinite, CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.ApplicationStopping).Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await server.StopAsync(CancellationToken.None);
                return ExitCode.Done;
            });
    }
}
