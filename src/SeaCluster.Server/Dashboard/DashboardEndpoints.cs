using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;
using SeaCluster.Server.Access;
using SeaCluster.Server.Artifacts;
using SeaCluster.Server.Requests;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Dashboard;

/// <summary>The pages for people.</summary>
internal static class DashboardEndpoints
{
    private const int PageSize = 50;

    // The report is a page that others' text went into: it runs nothing, sends nothing, and has no part in this server's origin.
    private const string ReportPolicy = "sandbox; default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    public static void Map(IEndpointRouteBuilder app)
    {
        Assets.Map(app);
        RouteGroupBuilder pages = app.MapGroup("").ExcludeFromDescription();
        pages.MapGet("/", RunsAsync);
        pages.MapGet("/runs/{id}", RunAsync);
        pages.MapGet("/runs/{id}/report", ReportAsync).WithMetadata(new Audited());
        pages.MapPost("/runs/{id}/cancel", CancelAsync).RequireAuthorization(Policies.Run);
        pages.MapPost("/runs/{id}/retry", RetryAsync).RequireAuthorization(Policies.Run);
        pages.MapGet("/submit", (HttpContext context, IAntiforgery forms, ServerOptions options) => SubmitPage.Of(Page.FormKey(context, forms), Folders(options), context.Request.PathBase)).RequireAuthorization(Policies.Run);
        pages.MapPost("/submit", SubmitAsync).RequireAuthorization(Policies.Run);
        pages.MapGet("/login", (HttpContext context, IAntiforgery forms, string? to) => LoginPage.Of(Page.FormKey(context, forms), Local(to), context.Request.PathBase)).AllowAnonymous();
        pages.MapPost("/login", Login).AllowAnonymous();
        pages.MapPost("/logout", Logout);
        LiveEndpoints.Map(pages);
    }

    private static async Task<IResult> RunsAsync(HttpContext context, RunCatalogue catalogue, CancellationToken cancel, string? cursor = null) =>
        await RunEndpoints.PageAsync(catalogue, cursor, PageSize, cancel) is { } page
            ? RunsPage.Of(page, cursor is null, context.Request.PathBase)
            : ErrorPages.Of(StatusCodes.Status400BadRequest, "There is no such page of runs.");

    private static async Task<IResult> RunAsync(string id, HttpContext context, RunCatalogue catalogue, RunCurves curves, IAntiforgery forms, CancellationToken cancel) => catalogue.Find(id) is { } place
        ? new RunPages(await catalogue.ViewAsync(place, cancel), curves.Of(place).Read(), Caller.Of(context).Scope >= TokenScope.Run ? Page.FormKey(context, forms) : null, context.Request.PathBase).ToPage()
        : NoRun(id);

    private static async Task<IResult> ReportAsync(string id, HttpContext context, RunCatalogue catalogue, VerifiedFiles files, CancellationToken cancel)
    {
        if (catalogue.Find(id) is not { } place)
        {
            return NoRun(id);
        }

        if (await ArtifactEndpoints.FindAsync(catalogue, place, Path.GetFileName(place.Folder.Report), cancel) is not { } found
            || await files.OpenAsync(place.Folder, new StoredFile(found.Name, found.Hash, found.Bytes), cancel) is not { } file)
        {
            return ErrorPages.Of(StatusCodes.Status404NotFound, "There is no report, or it is not the one that the run wrote.", Address(context, id));
        }

        context.Response.Headers.ContentSecurityPolicy = ReportPolicy;
        return TypedResults.File(file, "text/html; charset=utf-8");
    }

    private static async Task<IResult> CancelAsync(string id, [FromForm] IFormCollection form, HttpContext context, RunCatalogue catalogue, RunDesk desk, CancellationToken cancel) =>
        await OrderAsync(id, context, catalogue, place => desk.CancelAsync(place, cancel));

    private static async Task<IResult> RetryAsync(string id, [FromForm] IFormCollection form, HttpContext context, RunCatalogue catalogue, RunDesk desk, CancellationToken cancel) =>
        await OrderAsync(id, context, catalogue, place => desk.RetryAsync(place, form["sample"] is { Count: > 0 } samples ? [.. samples.OfType<string>()] : null, Caller.Of(context).Name, cancel));

    private static async Task<IResult> OrderAsync(string id, HttpContext context, RunCatalogue catalogue, Func<RunPlace, Task<Refusal?>> order)
    {
        if (catalogue.Find(id) is not { } place)
        {
            return NoRun(id);
        }

        return await order(place) is { } refused ? ErrorPages.Of(refused.Status, $"{refused.Reason}{(refused.Hint is null ? "" : $"\n{refused.Hint}")}", Address(context, id)) : SeeOther(context, Address(context, id));
    }

    private static async Task<IResult> SubmitAsync([FromForm] IFormCollection form, HttpContext context, RunCatalogue catalogue, RunDesk desk, SpecGuard guard, ServerOptions options, IAntiforgery forms, CancellationToken cancel)
    {
        string text = form["spec"].ToString();
        SpecReading reading = await SubmittedSpec.ReadAsync(Encoding.UTF8.GetBytes(text), json: false, catalogue.Root, guard, cancel);
        if (reading.Spec is not { } spec)
        {
            return SubmitPage.Of(Page.FormKey(context, forms), Folders(options), context.Request.PathBase, text, reading.Problems);
        }

        RunPlace place = await desk.SubmitAsync(spec, Guid.CreateVersion7().ToString("N"), Caller.Of(context).Name, cancel);
        return SeeOther(context, Address(context, place.Id));
    }

    private static IResult Login([FromForm] IFormCollection form, HttpContext context, AccessRules rules, Sessions sessions, IAntiforgery forms)
    {
        string to = Local(form["to"]);
        if (rules.Tokens.Check(form["token"].ToString().Trim()) is not { } token)
        {
            return LoginPage.Of(Page.FormKey(context, forms), to, context.Request.PathBase, refused: true);
        }

        context.Response.Cookies.Append(Sessions.Cookie, sessions.Begin(token.Id), new CookieOptions
        {
            HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/", MaxAge = Sessions.Lifetime, IsEssential = true,
        });
        return SeeOther(context, context.Request.PathBase + to);
    }

    private static IResult Logout([FromForm] IFormCollection form, HttpContext context, Sessions sessions)
    {
        if (context.Request.Cookies[Sessions.Cookie] is { } word)
        {
            sessions.End(word);
        }

        context.Response.Cookies.Delete(Sessions.Cookie);
        return SeeOther(context, $"{context.Request.PathBase}/login");
    }

    private static IReadOnlyList<string> Folders(ServerOptions options) => options.Limits?.Folders ?? [options.Root];

    private static Page NoRun(string id) => ErrorPages.Of(StatusCodes.Status404NotFound, $"There is no run '{id}'.");

    private static string Address(HttpContext context, string id) => $"{context.Request.PathBase}/runs/{Uri.EscapeDataString(id)}";

    // Nobody's link may lead from here to elsewhere.
    private static string Local(string? to) => to is { Length: > 0 } && to[0] == '/' && !to.StartsWith("//", StringComparison.Ordinal) && !to.Contains('\\', StringComparison.Ordinal) && !to.Any(char.IsControl) ? to : "/";

    private static IResult SeeOther(HttpContext context, string address)
    {
        context.Response.Headers.Location = address;
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }
}
