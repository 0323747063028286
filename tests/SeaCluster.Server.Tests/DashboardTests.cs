using System.Net;
using System.Text.RegularExpressions;
using SeaCluster.Runs;
using SeaCluster.Runs.Folders;
using SeaCluster.Server.Access;

namespace SeaCluster.Server.Tests;

/// <summary>The pages as they are sent: whole without a script, encoded, and safe to open.</summary>
public sealed partial class DashboardTests
{
    private const string Evil = "<script>alert(1)</script>\"'&";

    [Fact]
    public async Task A_run_is_read_without_a_script_and_nothing_of_it_becomes_markup()
    {
        await using TestServer server = await TestServer.StartAsync();
        RunFolder folder = await SeededRun.WriteAsync(server.Root, "run", 9, done: 4, quarantined: 2, leased: 2, error: Evil, prefix: "<img/src=x/onerror=alert(2)>");
        await File.WriteAllLinesAsync(folder.At("align.jsonl"), Enumerable.Range(1, 40).Select(step => $$"""{"loss": {{2.0 / step}}, "grad_norm": 1}"""));
        (HttpResponseMessage answer, string page) = await PageAsync(server.Http, "/runs/run");
        string policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldStartWith("default-src 'none'; style-src 'self'; script-src 'self'");
        policy.ShouldContain("frame-ancestors 'none'");
        page.ShouldNotContain("<script>alert");
        page.ShouldNotContain("<img");
        page.ShouldContain("&lt;script&gt;alert(1)&lt;/script&gt;");
        page.ShouldContain("4 done, 2 at work, 2 quarantined, 1 pending");
        page.ShouldContain("worker-1");
        page.ShouldContain("2 samples were given up");
        page.ShouldContain("Loss of alignment, 40 steps: 2 at first, 0.05 now.");
        Inline().Matches(page).ShouldBeEmpty();

        (_, string list) = await PageAsync(server.Http, "/");
        list.ShouldContain("href=\"/runs/run\"");
        list.ShouldContain("4 of 9");
    }

    [Fact]
    public async Task A_long_training_is_drawn_with_few_points_and_goes_on_where_it_was_read()
    {
        await using TestServer server = await TestServer.StartAsync();
        RunFolder folder = await SeededRun.WriteAsync(server.Root, "run", 1);
        string log = folder.At("align.jsonl");
        await File.WriteAllLinesAsync(log, Enumerable.Repeat("""{"loss": 1.5}""", 3000));
        (await PageAsync(server.Http, "/runs/run")).Page.ShouldContain("3000 steps: 1.5 at first, 1.5 now; each point is the mean of 8 steps.");
        await File.AppendAllTextAsync(log, "{\"loss\": 1.5}\n{\"loss\": 0.");
        (_, string grown) = await PageAsync(server.Http, "/runs/run");
        grown.ShouldContain("3001 steps");
        Points().Match(grown).Groups["points"].Value.Split(' ').Length.ShouldBeInRange(256, 513);
        await File.WriteAllLinesAsync(log, ["{\"loss\": 3}", "{\"loss\": 2}"]);
        (await PageAsync(server.Http, "/runs/run")).Page.ShouldContain("2 steps: 3 at first, 2 now.");
    }

    [Fact]
    public async Task The_report_is_shown_in_a_sandbox()
    {
        await using TestServer server = await TestServer.StartAsync();
        RunFolder folder = await SeededRun.WriteAsync(server.Root, "run", 1, done: 1, finished: true);
        (await PageAsync(server.Http, "/runs/run/report", 404)).Page.ShouldContain("There is no report");
        await SeededRun.PutAsync(folder, StageName.Report, "report.html", $"<p>{Evil}</p>");
        (HttpResponseMessage answer, string page) = await PageAsync(server.Http, "/runs/run/report");
        page.ShouldBe($"<p>{Evil}</p>");
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("sandbox; default-src 'none'");
        (await PageAsync(server.Http, "/runs/run")).Page.ShouldContain("Open the report");
    }

    [Fact]
    public async Task A_form_without_its_key_changes_nothing()
    {
        await using TestServer server = await TestServer.StartAsync();
        await SeededRun.WriteAsync(server.Root, "run", 2, quarantined: 1, finished: true);
        using FormUrlEncodedContent bare = new([]);
        using HttpResponseMessage refused = await server.Http.PostAsync(new Uri("/runs/run/retry", UriKind.Relative), bare);
        ((int)refused.StatusCode).ShouldBe(400);
        Directory.Exists(Path.Combine(server.Root, "run", ".submission")).ShouldBeFalse();

        using HttpClient browser = Browser(server);
        string key = FormKey().Match(await browser.GetStringAsync(new Uri("/runs/run", UriKind.Relative))).Groups["key"].Value;
        using FormUrlEncodedContent form = new([new("form_key", key), new("sample", "s0")]);
        using HttpResponseMessage done = await browser.PostAsync(new Uri("/runs/run/retry", UriKind.Relative), form);
        ((int)done.StatusCode, done.Headers.Location!.OriginalString).ShouldBe((303, "/runs/run"));
        (await File.ReadAllTextAsync(Path.Combine(server.Root, "run", ".submission", "request.json"))).ShouldContain("\"s0\"");
    }

    [Fact]
    public async Task A_wrong_spec_comes_back_with_its_problems_and_a_right_one_becomes_a_run()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient browser = Browser(server);
        string key = FormKey().Match(await browser.GetStringAsync(new Uri("/submit", UriKind.Relative))).Groups["key"].Value;
        using FormUrlEncodedContent wrong = new([new("form_key", key), new("spec", $"name: {Evil}\nstpes: 1")]);
        using HttpResponseMessage refused = await browser.PostAsync(new Uri("/submit", UriKind.Relative), wrong);
        ((int)refused.StatusCode).ShouldBe(422);
        string page = await refused.Content.ReadAsStringAsync();
        page.ShouldContain("role=\"alert\"");
        page.ShouldContain("stpes");
        page.ShouldNotContain("<script>alert");
        using FormUrlEncodedContent right = new([new("form_key", key), new("spec", Specs.Tiny("by-form"))]);
        using HttpResponseMessage done = await browser.PostAsync(new Uri("/submit", UriKind.Relative), right);
        done.Headers.Location!.OriginalString.ShouldStartWith("/runs/by-form-");
    }

    [Fact]
    public async Task A_person_signs_in_with_a_token_and_out_again()
    {
        await using TestServer server = await TestServer.StartAsync();
        (AccessToken kept, string token) = TokenFile.Of(server.Root, TimeProvider.System).Create("ann", TokenScope.Read, null);
        using HttpClient browser = Browser(server);
        using HttpResponseMessage sent = await browser.GetAsync("/runs/x?y=1", ("Accept", "text/html"));
        ((int)sent.StatusCode, sent.Headers.Location!.OriginalString).ShouldBe((302, "/login?to=%2Fruns%2Fx%3Fy%3D1"));
        string key = FormKey().Match(await browser.GetStringAsync(new Uri("/login", UriKind.Relative))).Groups["key"].Value;
        using HttpResponseMessage wrong = await SignInAsync(browser, key, "sea_x_y", "/");
        ((int)wrong.StatusCode).ShouldBe(401);
        foreach ((string to, string lands) in new[] { ("/runs/x", "/runs/x"), ("//evil.example/", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/") })
        {
            // A form is its reader's: who is signed in needs another one.
            using HttpClient fresh = Browser(server);
            using HttpResponseMessage signed = await SignInAsync(fresh, FormKey().Match(await fresh.GetStringAsync(new Uri("/login", UriKind.Relative))).Groups["key"].Value, token, to);
            signed.Headers.Location!.OriginalString.ShouldBe(lands);
            string cookie = signed.Headers.GetValues("Set-Cookie").Single(each => each.StartsWith("sea_session=", StringComparison.Ordinal));
            cookie.ShouldContain("httponly");
            cookie.ShouldContain("samesite=strict");
            cookie.ShouldNotContain(token.Split('_', 3)[2]);
        }

        using HttpResponseMessage mine = await SignInAsync(browser, key, token, "/");
        string page = await browser.GetStringAsync(new Uri("/", UriKind.Relative));
        page.ShouldContain("Sign out");
        page.ShouldNotContain("New run");
        using HttpResponseMessage submit = await browser.GetAsync("/submit", ("Accept", "text/html"));
        submit.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        TokenFile.Of(server.Root, TimeProvider.System).Revoke(kept.Id);
        using HttpResponseMessage ended = await browser.GetAsync("/", ("Accept", "text/html"));
        ((int)ended.StatusCode).ShouldBe(302);
    }

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient browser, string key, string token, string to)
    {
        using FormUrlEncodedContent form = new([new("form_key", key), new("token", token), new("to", to)]);
        return await browser.PostAsync(new Uri("/login", UriKind.Relative), form);
    }

    private static HttpClient Browser(TestServer server) => new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = server.Address };

    private static async Task<(HttpResponseMessage Answer, string Page)> PageAsync(HttpClient client, string path, int status = 200)
    {
        HttpResponseMessage answer = await client.GetAsync(path, ("Accept", "text/html"));
        string page = await answer.Content.ReadAsStringAsync();
        ((int)answer.StatusCode).ShouldBe(status, page);
        return (answer, page);
    }

    // Nothing that the content security policy would refuse.
    [GeneratedRegex("<script(?! src=\"/assets/)|<style|\\son[a-z]+=|\\sstyle=|javascript:", RegexOptions.None, 1000)]
    private static partial Regex Inline();

    [GeneratedRegex("class=\"curve\" points=\"(?<points>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Points();

    [GeneratedRegex("name=\"form_key\" value=\"(?<key>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FormKey();
}
