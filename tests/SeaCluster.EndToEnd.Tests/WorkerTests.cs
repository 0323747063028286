using System.Diagnostics;
using System.Text.Json;
using SeaCluster.Runs.Tests.Ledgers;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests;

/// <summary>One run, its process and several workers, over one PostgreSQL database.</summary>
[Collection(PostgresServer.Collection)]
public sealed class WorkerTests(PostgresServer server) : IDisposable
{
    private const int Rows = 24;
    private readonly string folder = Directory.CreateTempSubdirectory("sea-workers-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [RequiresFact(PostgresServer.Needed)]
    public async Task Workers_that_are_killed_leave_the_results_of_an_undisturbed_run()
    {
        string alone = Path.Combine(folder, "alone"), shared = Path.Combine(folder, "shared");
        SeaResult undisturbed = await SeaProcess.Run(Command(alone));
        undisturbed.ExitCode.ShouldBe(0, undisturbed.All);

        using Process run = SeaProcess.Start(null, [.. Command(shared), "--ledger", server.Text("workers"), "--set", "work.local=false", "--set", "work.lease=2s"], ("SEA_PROGRESS", "every"));
        await SaysAsync(run, "synthesize: 0/");
        Random random = new(20261123);
        for (int kill = 0; kill < 6; kill++)
        {
            using Process worker = Worker();
            await SaysAsync(worker, $"worker: synthesize of {shared}");
            for (int lines = random.Next(0, 3); lines > 0; lines--)
            {
                await worker.StandardError.ReadLineAsync();
            }

            worker.Kill();
            await worker.WaitForExitAsync();
        }

        using Process first = Worker(), second = Worker();
        SeaResult done = await SeaProcess.Finish(run);
        done.ExitCode.ShouldBe(0, done.All);
        foreach (Process worker in new[] { first, second })
        {
            (await TerminateAsync(worker)).ExitCode.ShouldBe(0);
        }

        Embeddings(shared).ShouldBe(Embeddings(alone));
        (await server.AskAsync("SELECT count(*) FROM workers.samples JOIN workers.queues ON queue = key WHERE stage = 'synthesize' AND state = 'done'")).ShouldBe(Embeddings(alone).Length);
        ((long)(await server.AskAsync("SELECT count(*) FROM workers.samples WHERE lost_leases > 0"))!).ShouldBeGreaterThan(0);
        SeaResult status = await SeaProcess.Run("status", shared, "--json");
        using JsonDocument told = JsonDocument.Parse(status.Output);
        told.RootElement.GetProperty("state").GetString().ShouldBe("done");
    }

    [RequiresFact(PostgresServer.Needed + " kill")]
    public async Task A_worker_that_is_asked_to_end_finishes_what_it_has_or_gives_it_back()
    {
        string run = Path.Combine(folder, "run");
        using Process process = SeaProcess.Start(null, [.. Command(run), "--ledger", server.Text("drained"), "--set", "work.local=false"], ("SEA_PROGRESS", "every"));
        await SaysAsync(process, "synthesize: 0/");
        using Process worker = Worker();
        await SaysAsync(worker, "synthesize: ");
        SeaResult drained = await TerminateAsync(worker);
        drained.ExitCode.ShouldBe(0, drained.All);
        drained.Error.ShouldContain("leases lost; ");
        (await server.AskAsync("SELECT count(*) FROM drained.samples WHERE state = 'leased' OR failures > 0 OR lost_leases > 0")).ShouldBe(0L);
        (await server.AskAsync("SELECT count(*) FROM drained.samples WHERE state = 'pending' AND attempts > 0")).ShouldBe(0L);

        using Process impatient = Worker("--grace", "0");
        await SaysAsync(impatient, $"worker: synthesize of {run}");
        (await TerminateAsync(impatient)).ExitCode.ShouldBe(0);
        (await server.AskAsync("SELECT count(*) FROM drained.samples WHERE state = 'leased'")).ShouldBe(0L);

        (await SeaProcess.Run("worker", folder, "--once")).ExitCode.ShouldBe(0);
        SeaResult done = await SeaProcess.Finish(process);
        done.ExitCode.ShouldBe(0, done.All);
    }

    [Fact]
    public async Task A_missing_folder_and_options_that_decide_results_are_refused()
    {
        SeaResult missing = await SeaProcess.Run("worker", Path.Combine(folder, "nowhere"));
        missing.ExitCode.ShouldBe(2, missing.All);
        missing.Error.ShouldContain("nowhere: no such folder");
        SeaResult grace = await SeaProcess.Run("worker", folder, "--grace", "-1");
        grace.ExitCode.ShouldBe(2, grace.All);
        grace.Error.ShouldContain("--grace: expected seconds");
    }

    private static string[] Command(string run) =>
    [
        "run", "samples/demo/run.yaml", "--out", run, "--deterministic", "--set", $"data.limit={Rows}", "--set", "synthesize.steps=4", "--set", "synthesize.slots=4",
        "--set", "align.steps=2", "--set", "align.warmup=1", "--set", "evaluate.base=false",
    ];

    private Process Worker(params string[] more) => SeaProcess.Start(null, ["worker", folder, .. more], ("SEA_PROGRESS", "every"));

    private static async Task<SeaResult> TerminateAsync(Process worker)
    {
        using (Process terminate = Process.Start("kill", ["-TERM", $"{worker.Id}"]))
        {
            await terminate.WaitForExitAsync();
        }

        return await SeaProcess.Finish(worker);
    }

    // Without the hidden ones: what a killed worker was writing stays for a while, since a worker that is only late would look the same.
    private static string[] Embeddings(string run) =>
        [.. Directory.GetFiles(Path.Combine(run, "embeddings")).Select(file => Path.GetFileName(file)!).Where(file => file[0] != '.').Order(StringComparer.Ordinal)];

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
