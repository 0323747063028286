using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace SeaCluster.Server.Access;

/// <summary>What a token allows; each includes those before it.</summary>
public enum TokenScope
{
    /// <summary>Look at runs, samples, artifacts and events.</summary>
    Read,

    /// <summary>Also submit, cancel and retry runs.</summary>
    Run,

    /// <summary>Also see the text that samples were made from.</summary>
    Admin,
}

/// <summary>Who asks.</summary>
/// <param name="Id">The token's id, or <c>loopback</c>.</param>
/// <param name="Name">The token's name, or <c>loopback</c>.</param>
/// <param name="Scope">What they may do; null is nothing.</param>
internal sealed record Caller(string Id, string Name, TokenScope? Scope)
{
    public const string ScopeClaim = "scope";

    public static Caller Nobody { get; } = new("", "nobody", null);

    /// <summary>Somebody on this machine, where the server asks for no token.</summary>
    public static Caller Loopback { get; } = new("loopback", "loopback", TokenScope.Admin);

    public static Caller Of(HttpContext context) => context.User.Identity is { IsAuthenticated: true, Name: { } name }
        ? new Caller(context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "", name, Enum.Parse<TokenScope>(context.User.FindFirstValue(ScopeClaim)!))
        : Nobody;

    public ClaimsPrincipal ToPrincipal(string scheme) =>
        new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, Id), new Claim(ClaimTypes.Name, Name), new Claim(ScopeClaim, Scope.ToString()!)], scheme));
}
