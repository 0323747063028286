using System.Diagnostics;
using Microsoft.Playwright;
using SeaCluster.EndToEnd.Tests;
using SeaCluster.Tests;

namespace SeaCluster.Server.Tests;

/// <summary>The dashboard in a real browser.</summary>
public sealed class BrowserTests
{
    private const float Patience = 120_000;

    [RequiresFact("chromium")]
    public async Task A_run_is_submitted_moves_survives_its_worker_and_its_report_is_read()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Drive = true });
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await LaunchAsync(playwright);
        IPage page = await browser.NewPageAsync(new BrowserNewPageOptions { BaseURL = server.Address.AbsoluteUri, ViewportSize = new ViewportSize { Width = 1280, Height = 900 } });
        page.SetDefaultTimeout(Patience);
        List<string> wrong = [];
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                wrong.Add(message.Text);
            }
        };

        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Link, new() { Name = "New run" }).ClickAsync();
        await page.GetByLabel("Run spec (YAML)").FillAsync(Specs.Tiny("watched", rows: 12, more: "work: { local: false, lease: 2s }").Replace("steps: 4, slots: 4", "steps: 100, slots: 4, threshold: 0", StringComparison.Ordinal));
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();
        await page.WaitForURLAsync("**/runs/watched-*");
        await page.EvaluateAsync("window.loaded = 'once'");

        // Its process waits for workers: the first one is killed with samples in hand.
        ILocator synthesis = page.Locator("#stages tr", new() { HasText = "synthesize" }), lanes = page.Locator("#workers");
        await Assertions.Expect(synthesis.GetByText("0 of 24")).ToBeVisibleAsync(new() { Timeout = Patience });
        using (Process worker = Worker(server))
        {
            await Assertions.Expect(lanes).ToContainTextAsync($":{worker.Id}", new() { Timeout = Patience });
            worker.Kill();
            await worker.WaitForExitAsync();
        }

        await Assertions.Expect(lanes).ToContainTextAsync("the worker is gone, others take its samples", new() { Timeout = Patience });
        await ShootAsync(page, "worker-lost");
        using Process second = Worker(server);
        await Assertions.Expect(lanes).ToContainTextAsync($":{second.Id}", new() { Timeout = Patience });
        await Assertions.Expect(synthesis.GetByText("24 of 24")).ToBeVisibleAsync(new() { Timeout = Patience });
        await Assertions.Expect(page.Locator("h1 .badge")).ToHaveTextAsync("done", new() { Timeout = Patience });
        (await page.EvaluateAsync<string>("window.loaded")).ShouldBe("once");
        second.Kill();
        await ShootAsync(page, "done");

        await page.GetByRole(AriaRole.Link, new() { Name = "Open the report" }).ClickAsync();
        await page.WaitForURLAsync("**/report");
        await Assertions.Expect(page.Locator("h1").First).ToBeVisibleAsync();
        await page.GoBackAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Runs", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("#runs")).ToContainTextAsync("watched");
        await ShootAsync(page, "runs");
        wrong.ShouldBeEmpty();
    }

    [RequiresFact("chromium")]
    public async Task Quarantined_samples_are_put_back_by_keyboard_alone()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "run", 8, done: 5, quarantined: 2, finished: true, error: "CUDA error: device-side assert\n  at step 3");
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await LaunchAsync(playwright);
        IPage page = await browser.NewPageAsync(new BrowserNewPageOptions { BaseURL = server.Address.AbsoluteUri });
        await page.GotoAsync("/runs/run");
        await ShootAsync(page, "quarantine");
        IElementHandle? focused = null;
        for (int tabs = 0; tabs < 30 && (focused is null || await focused.InnerTextAsync() != "Put all back and go on"); tabs++)
        {
            await page.Keyboard.PressAsync("Tab");
            focused = (await page.EvaluateHandleAsync("document.activeElement")).AsElement();
        }

        (await focused!.InnerTextAsync()).ShouldBe("Put all back and go on");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("h1 .badge")).ToHaveTextAsync("queued");
        File.Exists(Path.Combine(server.Root, "run", ".submission", "request.json")).ShouldBeTrue();
    }

    [RequiresFact("chromium")]
    public async Task Without_scripts_everything_is_read_and_the_page_refreshes_itself()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "run", 8, done: 5, leased: 2);
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await LaunchAsync(playwright);
        await using IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = server.Address.AbsoluteUri, JavaScriptEnabled = false, ColorScheme = ColorScheme.Dark });
        IPage page = await context.NewPageAsync();
        await page.GotoAsync("/runs/run");
        await Assertions.Expect(page.Locator("#stages")).ToContainTextAsync("5 of 8");
        await Assertions.Expect(page.Locator("#workers")).ToContainTextAsync("worker-1");
        (await page.Locator("noscript").InnerHTMLAsync()).ShouldContain("http-equiv=\"refresh\"");
    }

    /// <summary>What a screen reader needs: names for everything that is used, one heading above all, a language, and colours that differ enough.</summary>
    [RequiresFact("chromium")]
    public async Task Pages_name_what_is_on_them_and_can_be_told_apart_in_light_and_dark()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "run", 8, done: 5, quarantined: 1, leased: 1);
        await SeededRun.WriteAsync(server.Root, "over", 8, done: 7, quarantined: 1, finished: true);
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await LaunchAsync(playwright);
        foreach (ColorScheme scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            IPage page = await browser.NewPageAsync(new BrowserNewPageOptions { BaseURL = server.Address.AbsoluteUri, ColorScheme = scheme });
            foreach (string path in new[] { "/", "/runs/run", "/runs/over", "/submit", "/login" })
            {
                await page.GotoAsync(path);
                string[] problems = await page.EvaluateAsync<string[]>(Checks);
                problems.ShouldBeEmpty($"{path} in {scheme}");
            }
        }
    }

    private const string Checks = """
        () => {
          const problems = [];
          if (!document.documentElement.lang) problems.push('no language');
          if (document.querySelectorAll('h1').length !== 1) problems.push('not one h1');
          if (!document.querySelector('main')) problems.push('no main');
          document.querySelectorAll('button, a, input:not([type=hidden]), textarea').forEach(each => {
            const name = each.getAttribute('aria-label') || each.textContent.trim() || (each.labels && each.labels[0] && each.labels[0].textContent.trim());
            if (!name) problems.push('without a name: ' + each.outerHTML.slice(0, 80));
          });
          document.querySelectorAll('svg').forEach(each => { if (!each.getAttribute('aria-label') && each.getAttribute('aria-hidden') !== 'true') problems.push('a picture without words'); });
          document.querySelectorAll('th').forEach(each => { if (!each.getAttribute('scope')) problems.push('a heading of nothing: ' + each.textContent); });
          const ids = [...document.querySelectorAll('[id]')].map(each => each.id);
          ids.filter((id, i) => ids.indexOf(id) !== i).forEach(id => problems.push('twice: ' + id));
          const rgb = text => { const n = text.match(/[\d.]+/g).map(Number); return n.length > 3 && n[3] === 0 ? null : n.slice(0, 3); };
          const behind = each => { for (let at = each; at; at = at.parentElement) { const c = rgb(getComputedStyle(at).backgroundColor); if (c) return c; } return [255, 255, 255]; };
          const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const each = walker.currentNode.parentElement;
            if (!walker.currentNode.textContent.trim() || each.closest('svg, script, noscript, [hidden]')) continue;
            const [a, b] = [light(rgb(getComputedStyle(each).color)), light(behind(each))].sort((x, y) => y - x);
            const contrast = (a + 0.05) / (b + 0.05);
            if (contrast < 4.5) problems.push(`contrast ${contrast.toFixed(2)} of "${walker.currentNode.textContent.trim().slice(0, 30)}"`);
          }
          return problems;
        }
        """;

    private static Task<IBrowser> LaunchAsync(IPlaywright playwright) => playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Programs.Find("chromium"), Args = ["--no-sandbox", "--disable-gpu"] });

    private static Process Worker(TestServer server) => SeaProcess.Start(null, ["worker", server.Root]);

    // For people who look at the pages: SEA_SCREENSHOTS names a folder.
    private static async Task ShootAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SEA_SCREENSHOTS") is not { Length: > 0 } folder)
        {
            return;
        }

        foreach (ColorScheme scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
        {
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{scheme.ToString().ToLowerInvariant()}.png"), FullPage = true });
        }
    }
}
