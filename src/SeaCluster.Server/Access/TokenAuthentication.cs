using System.Net;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SeaCluster.Server.Access;

/// <summary>Says who asks: by <c>Authorization: Bearer</c>, by the session of a browser, or as somebody on this machine where the server asks for no token.</summary>
internal sealed class TokenAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, AccessRules rules, Sessions sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "Bearer";
    private const string Prefix = Scheme + " ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (IsPage(Request))
        {
            Response.Redirect($"{Request.PathBase}/login?to={Uri.EscapeDataString(Request.Path + Request.QueryString)}");
            return Task.CompletedTask;
        }

        Response.Headers.WWWAuthenticate = "Bearer realm=\"sea\"";
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    /// <summary>Whether a person looks at the dashboard, rather than a program at the API.</summary>
    internal static bool IsPage(HttpRequest request) => !request.Path.StartsWithSegments("/api", StringComparison.Ordinal) && !request.Path.StartsWithSegments("/openapi", StringComparison.Ordinal)
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);

    private AuthenticateResult Authenticate()
    {
        string header = Request.Headers.Authorization.ToString();
        if (header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return rules.Tokens.Check(header[Prefix.Length..].Trim()) is { } token ? Success(token) : AuthenticateResult.Fail("the token is wrong, revoked or expired");
        }

        if (Request.Cookies[Sessions.Cookie] is { } cookie && sessions.Find(cookie) is { } id && rules.Tokens.All.FirstOrDefault(each => each.Id == id) is { } kept && rules.Tokens.IsValid(kept))
        {
            return Success(kept);
        }

        return rules.IsOpen && IsHere()
            ? AuthenticateResult.Success(new AuthenticationTicket(Caller.Loopback.ToPrincipal(Scheme), Scheme))
            : AuthenticateResult.NoResult();
    }

    // No address at all is a socket of the file system.
    private bool IsHere() => Context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address);

    private static AuthenticateResult Success(AccessToken token) =>
        AuthenticateResult.Success(new AuthenticationTicket(new Caller(token.Id, token.Name, token.Scope).ToPrincipal(Scheme), Scheme));
}
