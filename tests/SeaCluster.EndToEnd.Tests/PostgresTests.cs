using System.Diagnostics;
using System.Text.Json;
using SeaCluster.Runs.Tests.Ledgers;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>The real command with its ledger in a PostgreSQL database that asks for a password, goes away and comes back.</summary>
[Collection(PostgresServer.Collection)]
public sealed class PostgresTests(PostgresServer server) : IDisposable
{
    private static readonly (string, string?) Password = ("PGPASSWORD", "right");
    private readonly string folder = Directory.CreateTempSubdirectory("sea-postgres-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [RequiresFact(PostgresServer.Needed)]
    public async Task A_run_outlives_its_database_and_its_folder_knows_where_the_ledger_is()
    {
        await server.AskAsync("CREATE ROLE locked LOGIN PASSWORD 'right'; CREATE SCHEMA lab AUTHORIZATION locked");
        string run = Path.Combine(folder, "run"), address = server.Text("lab", login: "locked");
        string[] command =
        [
            "run", "samples/demo/run.yaml", "--out", run, "--ledger", address, "--json", "--set", "data.limit=4", "--set", "synthesize.steps=4", "--set", "synthesize.slots=4",
            "--set", "align.steps=4", "--set", "align.warmup=1", "--set", "evaluate.base=false",
        ];
        SeaResult refused = await SeaProcess.Run(null, command, ("PGPASSWORD", "wrong"));
        refused.ExitCode.ShouldBe(1, refused.All);
        refused.Error.ShouldContain($"{address}: the database refuses the login: password authentication failed for user \"locked\"");

        using Process process = SeaProcess.Start(null, command, Password);
        await SaysAsync(process, "prepare: done");
        await server.StopAsync();
        await SaysAsync(process, "; waiting for it");
        await server.StartAsync();
        await SaysAsync(process, "the ledger is back after");
        SeaResult done = await SeaProcess.Finish(process);
        done.ExitCode.ShouldBe(0, done.All);

        File.Exists(Path.Combine(run, "ledger.db")).ShouldBeFalse();
        File.ReadAllText(Path.Combine(run, "ledger.json")).ShouldContain(address);
        SeaResult status = await SeaProcess.Run(null, ["status", run, "--json"], Password);
        status.ExitCode.ShouldBe(0, status.All);
        using (JsonDocument told = JsonDocument.Parse(status.Output))
        {
            told.RootElement.GetProperty("state").GetString().ShouldBe("done");
        }

        (await SeaProcess.Run(null, ["report", run], Password)).ExitCode.ShouldBe(0);
        SeaResult retry = await SeaProcess.Run(null, ["retry", run], Password);
        (retry.ExitCode, retry.Output.Trim()).ShouldBe((0, "nothing is in quarantine, and every answer is judged"));
        SeaResult again = await SeaProcess.Run(null, ["run", run], Password);
        again.ExitCode.ShouldBe(0, again.All);
    }

    [Fact]
    public async Task A_wrong_address_is_wrong_use_and_is_not_repeated()
    {
        SeaResult result = await SeaProcess.Run("run", "samples/demo/run.yaml", "--out", Path.Combine(folder, "run"), "--ledger", "postgres://sea:pa/ss@db/lab");
        result.ExitCode.ShouldBe(2, result.All);
        result.Error.ShouldContain("ledger: expected postgres://USER@HOST:PORT/DATABASE");
        result.All.ShouldNotContain("pa/ss");
        Directory.Exists(Path.Combine(folder, "run")).ShouldBeFalse();

        SeaResult mistyped = await SeaProcess.Run("run", "samples/demo/run.yaml", "--leger", "postgres://sea:secret@db/lab");
        mistyped.ExitCode.ShouldBe(2, mistyped.All);
        mistyped.Error.ShouldContain("did you mean '--ledger'?");
        mistyped.All.ShouldNotContain("secret");
    }

    private static async Task SaysAsync(Process process, string part)
    {
        List<string> said = [];
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (line.Contains(part, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"expected '{part}' on stderr, found\n{string.Join('\n', said)}");
    }
}
