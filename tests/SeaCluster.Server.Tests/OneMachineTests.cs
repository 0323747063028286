using System.Diagnostics;
using System.Globalization;
using Microsoft.Playwright;
using SeaCluster.EndToEnd.Tests;
using SeaCluster.Runs.Audit;
using SeaCluster.Runs.Folders;
using SeaCluster.Runs.Stages;
using SeaCluster.Runs.Tests.Ledgers;
using SeaCluster.Tests;
using Xunit.Abstractions;

namespace SeaCluster.Server.Tests;

/// <summary>
/// A cluster on one machine: the server with its driver, PostgreSQL, three workers with the small world's model, and a browser that watches. SEA_CHAOS_KILLS=100 kills as many workers; the
/// standard is what a test run has time for.
/// </summary>
[Collection(PostgresServer.Collection)]
public sealed class OneMachineTests(PostgresServer database, ITestOutputHelper output)
{
    private const int StandardKills = 4;
    private const int Workers = 3;
    private const float Patience = 180_000;

    [RequiresFact($"{PostgresServer.Needed} chromium")]
    public async Task Three_workers_are_killed_again_and_again_and_the_dashboard_shows_the_run_to_its_end()
    {
        int kills = int.TryParse(Environment.GetEnvironmentVariable("SEA_CHAOS_KILLS"), CultureInfo.InvariantCulture, out int asked) ? asked : StandardKills;
        int rows = Math.Min(12 + kills, 72), samples = 2 * rows;
        await using TestServer server = await TestServer.StartAsync(options => options with { Drive = true, Ledger = database.Text("onemachine") });
        // Long enough on a lane that the work is not over before the last kill.
        string spec = Specs.Tiny("killed", rows, more: "work: { local: false, lease: 2s, lost_leases: 1000 }")
            .Replace("steps: 4, slots: 4", string.Create(CultureInfo.InvariantCulture, $"steps: {200 + (4 * kills)}, slots: 4, threshold: 0"), StringComparison.Ordinal);
        using HttpResponseMessage submitted = await server.SubmitAsync(spec);
        ((int)submitted.StatusCode).ShouldBe(202, await submitted.Content.ReadAsStringAsync());
        string id = (await submitted.JsonAsync())["id"]!.ToString();

        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Programs.Find("chromium"), Args = ["--no-sandbox", "--disable-gpu"] });
        IPage page = await browser.NewPageAsync(new BrowserNewPageOptions { BaseURL = server.Address.AbsoluteUri });
        await page.GotoAsync($"/runs/{id}");
        await page.EvaluateAsync("window.loaded = 'once'");
        ILocator lanes = page.Locator("#workers"), synthesis = page.Locator("#stages tr", new() { HasText = "synthesize" });
        await Assertions.Expect(synthesis.GetByText(string.Create(CultureInfo.InvariantCulture, $"0 of {samples}"))).ToBeVisibleAsync(new() { Timeout = Patience });

        Process[] workers = [.. Enumerable.Range(0, Workers).Select(_ => Worker(server))];
        try
        {
            for (int kill = 0; kill < kills; kill++)
            {
                // Killed with samples in hand, as the dashboard shows.
                Process victim = workers[kill % Workers];
                await Assertions.Expect(lanes).ToContainTextAsync($":{victim.Id}", new() { Timeout = Patience });
                victim.Kill();
                await victim.WaitForExitAsync();
                victim.Dispose();
                workers[kill % Workers] = Worker(server);
            }

            (await server.Http.JsonAsync($"/api/v1/runs/{id}"))["state"]!.ToString().ShouldBe("running", "the run was at work until the last kill");
            await Assertions.Expect(synthesis.GetByText(string.Create(CultureInfo.InvariantCulture, $"{samples} of {samples}"))).ToBeVisibleAsync(new() { Timeout = 4 * Patience });
            await Assertions.Expect(page.Locator("h1 .badge")).ToHaveTextAsync("done", new() { Timeout = Patience });
            (await page.EvaluateAsync<string>("window.loaded")).ShouldBe("once");
        }
        finally
        {
            foreach (Process worker in workers)
            {
                worker.Kill();
                worker.Dispose();
            }
        }

        AuditReport audit = await new RunAudit(RunStages.Create(), TimeProvider.System).RunAsync(new RunFolder(Path.Combine(server.Root, id)));
        audit.Checks.SelectMany(check => check.Problems).ShouldBeEmpty();
        output.WriteLine($"{kills} kills; samples were begun {await database.AskAsync("SELECT sum(attempts) FROM onemachine.samples")} times for {samples}");
    }

    private static Process Worker(TestServer server) => SeaProcess.Start(null, ["worker", server.Root]);
}
