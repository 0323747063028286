using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using SeaCluster.Server.Access;

namespace SeaCluster.Server.Dashboard;

/// <summary>A page of the dashboard: what is around it, and how it is sent.</summary>
/// <param name="Title">The browser's title.</param>
/// <param name="Main">What it shows.</param>
/// <param name="Live">The stream that says when it changed; null where it does not change.</param>
/// <param name="Status">The HTTP status.</param>
internal sealed record Page(string Title, Html Main, string? Live = null, int Status = StatusCodes.Status200OK) : IResult
{
    // Everything comes from this server, nothing is inline, and no other page may frame it.
    private const string Policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync(Whole(Caller.Of(httpContext), httpContext.Request.PathBase).Text, Encoding.UTF8, httpContext.RequestAborted);
    }

    /// <summary>The hidden field that a form of this server has and one of another page cannot have.</summary>
    public static Html FormKey(HttpContext context, IAntiforgery antiforgery)
    {
        AntiforgeryTokenSet tokens = antiforgery.GetAndStoreTokens(context);
        return Html.Of($"<input type=\"hidden\" name=\"{tokens.FormFieldName}\" value=\"{tokens.RequestToken}\">");
    }

    private Html Whole(Caller caller, string under) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{Title} · SeaCluster</title>
        <link rel="stylesheet" href="{under}{Assets.Style}">
        <link rel="icon" href="{under}{Assets.Icon}" type="image/svg+xml">
        <script src="{under}{Assets.Script}" defer></script>
        {Html.If(Live is not null, () => new Html("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>"))}
        </head>
        <body{Html.If(Live is not null, () => Html.Of($" data-live=\"{under}{Live}\""))}>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
        <a class="brand" href="{under}/">SeaCluster</a>
        <nav aria-label="Main"><a href="{under}/">Runs</a>{Html.If(caller.Scope >= TokenScope.Run, () => Html.Of($"<a href=\"{under}/submit\">New run</a>"))}</nav>
        {Html.If(caller.Scope is not null && caller.Id != Caller.Loopback.Id, () => Html.Of($"<form class=\"who\" method=\"post\" action=\"{under}/logout\"><span>{caller.Name}</span><button>Sign out</button></form>"))}
        </header>
        <main id="main">
        {Main}
        </main>
        <p id="connection" role="status" hidden>The server does not answer; this page shows what it said last.</p>
        </body>
        </html>
        """);
}
