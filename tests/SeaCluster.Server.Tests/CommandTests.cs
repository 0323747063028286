using System.Diagnostics;
using System.Net;
using System.Text.Json;
using SeaCluster.EndToEnd.Tests;

namespace SeaCluster.Server.Tests;

/// <summary>The real commands: a server, a trainer, tokens, and what is asked over HTTP.</summary>
public sealed class CommandTests : IDisposable
{
    private static readonly (string, string?) NoToken = ("SEA_TOKEN", null);
    private readonly string folder = Directory.CreateTempSubdirectory("sea-serve-").FullName;

    private string Root => Path.Combine(folder, "runs");

    public CommandTests() => Directory.CreateDirectory(Root);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_run_is_submitted_with_a_token_waited_for_and_its_report_fetched()
    {
        SeaResult made = await SeaProcess.Run("token", "create", Root, "--name", "ci", "--scope", "run", "--days", "1");
        made.ExitCode.ShouldBe(0, made.All);
        string token = made.Output.Trim();
        string tokenFile = Path.Combine(folder, "token"), spec = Path.Combine(folder, "spec.yaml");
        await File.WriteAllTextAsync(tokenFile, token + "\n");
        await File.WriteAllTextAsync(spec, Specs.Tiny("over-http"));

        using Process server = await ServeAsync("--allow", SeaCluster.Tests.Repository.PathOf("samples"));
        string address = _address!;
        SeaResult refused = await SeaProcess.Run(null, ["status", "--server", address], NoToken);
        refused.ExitCode.ShouldBe(1, refused.All);
        refused.Error.ShouldContain("this server asks for a token");
        refused.Error.ShouldContain("give the token in SEA_TOKEN or with --token-file");

        SeaResult submitted = await SeaProcess.Run(null, ["submit", spec, "--server", address, "--token-file", tokenFile, "--set", "synthesize.steps=3", "--wait", "--json"], NoToken);
        submitted.ExitCode.ShouldBe(0, submitted.All);
        using JsonDocument run = JsonDocument.Parse(submitted.Output);
        string id = run.RootElement.GetProperty("id").GetString()!;
        (run.RootElement.GetProperty("state").GetString(), run.RootElement.GetProperty("by").GetString()).ShouldBe(("done", "ci"));

        SeaResult status = await SeaProcess.Run(null, ["status", id, "--server", address], ("SEA_TOKEN", token)), local = await SeaProcess.Run("status", Path.Combine(Root, id));
        status.ExitCode.ShouldBe(0, status.All);
        status.Output.ShouldBe(local.Output);
        SeaResult list = await SeaProcess.Run(null, ["status", "--server", address], ("SEA_TOKEN", token));
        list.Output.ShouldContain(id);

        string report = Path.Combine(folder, "report.html");
        SeaResult fetched = await SeaProcess.Run(null, ["report", id, "--server", address, "--out", report], ("SEA_TOKEN", token));
        fetched.ExitCode.ShouldBe(0, fetched.All);
        (await File.ReadAllBytesAsync(report)).ShouldBe(await File.ReadAllBytesAsync(Path.Combine(Root, id, "report.html")));

        await File.WriteAllTextAsync(spec, "stpes: 1");
        SeaResult wrong = await SeaProcess.Run(null, ["submit", spec, "--server", address], ("SEA_TOKEN", token));
        wrong.ExitCode.ShouldBe(2, wrong.All);
        await File.WriteAllTextAsync(spec, Specs.Tiny().Replace("rows.jsonl", "../../../../etc/passwd", StringComparison.Ordinal));
        SeaResult outside = await SeaProcess.Run(null, ["submit", spec, "--server", address], ("SEA_TOKEN", token));
        outside.ExitCode.ShouldBe(2, outside.All);
        outside.Error.ShouldContain("data.path: ");
        outside.Error.ShouldContain("is not below a folder that this server allows");

        SeaResult ended = await TerminateAsync(server);
        ended.ExitCode.ShouldBe(0, ended.All);
        (await File.ReadAllTextAsync(Path.Combine(Root, ".server", "audit.jsonl"))).ShouldNotContain(token.Split('_', 3)[2]);
    }

    [Fact]
    public async Task A_trainer_drives_what_a_server_takes_and_the_next_one_goes_on()
    {
        string spec = Path.Combine(folder, "spec.yaml");
        await File.WriteAllTextAsync(spec, Specs.Tiny("trained", rows: 8).Replace("steps: 4, slots: 4", "steps: 80, slots: 4, threshold: 0", StringComparison.Ordinal));
        using Process server = await ServeAsync("--no-drive", "--allow", SeaCluster.Tests.Repository.PathOf("samples"));
        SeaResult submitted = await SeaProcess.Run(null, ["submit", spec, "--server", _address!], NoToken);
        submitted.ExitCode.ShouldBe(0, submitted.All);
        string id = submitted.Output.Trim();

        using Process first = SeaProcess.Start(null, ["trainer", Root]);
        await SaysAsync(first, $"sea: {id}: driven");
        SeaResult stopped = await TerminateAsync(first);
        stopped.ExitCode.ShouldBe(0, stopped.All);
        (await SeaProcess.Run(null, ["status", id, "--server", _address!], NoToken)).Output.ShouldStartWith("trained: queued");

        using Process second = SeaProcess.Start(null, ["trainer", Root]);
        await SaysAsync(second, $"sea: {id}: ended with exit code 0");
        (await TerminateAsync(second)).ExitCode.ShouldBe(0);
        (await TerminateAsync(server)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task What_would_be_open_to_others_or_cannot_be_listened_on_is_refused()
    {
        SeaResult open = await SeaProcess.Run("serve", Root, "--urls", "http://0.0.0.0:0");
        open.ExitCode.ShouldBe(2, open.All);
        open.Error.ShouldContain("http://0.0.0.0:0: can be reached from other machines, and this server has no token");
        using Process server = await ServeAsync();
        SeaResult taken = await SeaProcess.Run("serve", Root, "--urls", _address!);
        taken.ExitCode.ShouldBe(1, taken.All);
        taken.Error.ShouldContain($"cannot listen on {_address}");
        await TerminateAsync(server);
        SeaResult missing = await SeaProcess.Run("serve", Path.Combine(folder, "nowhere"));
        missing.ExitCode.ShouldBe(2, missing.All);
        SeaResult gone = await SeaProcess.Run("status", "x", "--server", _address!);
        gone.ExitCode.ShouldBe(1, gone.All);
        gone.Error.ShouldContain("the server cannot be reached");
        SeaResult wrong = await SeaProcess.Run("status", "x", "--server", "localhost:8080");
        wrong.ExitCode.ShouldBe(2, wrong.All);
    }

    [Fact]
    public async Task Tokens_are_listed_without_secrets_and_revoked_by_their_id()
    {
        SeaResult made = await SeaProcess.Run("token", "create", Root, "--name", "ann", "--scope", "admin", "--json");
        using JsonDocument told = JsonDocument.Parse(made.Output);
        string id = told.RootElement.GetProperty("id").GetString()!, secret = told.RootElement.GetProperty("token").GetString()!.Split('_', 3)[2];
        SeaResult list = await SeaProcess.Run("token", "list", Root);
        list.Output.ShouldContain(id);
        list.Output.ShouldContain("admin");
        list.Output.ShouldNotContain(secret);
        SeaResult revoked = await SeaProcess.Run("token", "revoke", Root, id);
        revoked.Output.Trim().ShouldBe($"{id} is revoked");
        SeaResult again = await SeaProcess.Run("token", "revoke", Root, id);
        again.ExitCode.ShouldBe(2, again.All);
        string[] audit = await File.ReadAllLinesAsync(Path.Combine(Root, ".server", "audit.jsonl"));
        audit.Length.ShouldBe(2);
        audit[0].ShouldContain("token create --name ann --scope admin");
        string.Concat(audit).ShouldNotContain(secret);
        (await SeaProcess.Run("token", "create", Root, "--name", "x", "--scope", "root")).ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task A_folder_of_runs_that_is_away_for_a_while_is_waited_for()
    {
        using Process server = await ServeAsync(), worker = SeaProcess.Start(null, ["worker", Root, "--urls", "http://127.0.0.1:0"]);
        string says = await SaysAsync(worker, "metrics and health on ");
        Uri[] ready = [new($"{_address}/readyz"), new($"{says[says.IndexOf("http://", StringComparison.Ordinal)..]}/readyz")];
        using HttpClient http = new();
        await ReadyAsync(http, ready, HttpStatusCode.OK);

        string away = Path.Combine(folder, "away");
        Directory.Move(Root, away);
        foreach (string body in await ReadyAsync(http, ready, HttpStatusCode.ServiceUnavailable))
        {
            body.ShouldContain($"Could not find a part of the path '{Root}'");
        }

        await SaysAsync(worker, $"worker: {Root}: Could not find a part of the path '{Root}'; looking again later");
        await SaysAsync(server, "looking again");
        using (HttpResponseMessage runs = await http.GetAsync(new Uri($"{_address}/api/v1/runs")))
        {
            runs.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await runs.Content.ReadAsStringAsync()).ShouldContain("the folder of runs, or a part of it, is not there now");
        }

        Directory.Move(away, Root);
        await ReadyAsync(http, ready, HttpStatusCode.OK);
        (await TerminateAsync(worker)).ExitCode.ShouldBe(0);
        (await TerminateAsync(server)).ExitCode.ShouldBe(0);
    }

    private static async Task<string[]> ReadyAsync(HttpClient http, Uri[] paths, HttpStatusCode expected)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(200));
        while (true)
        {
            HttpResponseMessage[] answers = await Task.WhenAll(paths.Select(path => http.GetAsync(path, limit.Token)));
            string[] bodies = await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync(limit.Token)));
            if (answers.All(answer => answer.StatusCode == expected))
            {
                return bodies;
            }

            await pace.WaitForNextTickAsync(limit.Token);
        }
    }

    private string? _address;

    private async Task<Process> ServeAsync(params string[] more)
    {
        Process server = SeaProcess.Start(null, ["serve", Root, "--urls", "http://127.0.0.1:0", .. more]);
        string said = await SaysAsync(server, $"sea: serving {Root} at ");
        _address = said[(said.IndexOf(" at ", StringComparison.Ordinal) + 4)..].Trim();
        return server;
    }

    private static async Task<SeaResult> TerminateAsync(Process process)
    {
        using (Process terminate = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            await terminate.WaitForExitAsync();
        }

        return await SeaProcess.Finish(process);
    }

    private static async Task<string> SaysAsync(Process process, string part)
    {
        List<string> said = [];
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(2));
        while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            said.Add(line);
            if (line.Contains(part, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"expected '{part}' on stderr, found\n{string.Join('\n', said)}");
    }
}
