using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace SeaCluster.Server.Access;

/// <summary>What an endpoint asks of who calls it. One that says nothing asks for <see cref="TokenScope.Read"/>.</summary>
internal static class Policies
{
    public const string Run = nameof(TokenScope.Run);
    public const string Admin = nameof(TokenScope.Admin);

    public static void Add(AuthorizationOptions options)
    {
        options.FallbackPolicy = options.DefaultPolicy = Of(TokenScope.Read);
        options.AddPolicy(Run, Of(TokenScope.Run));
        options.AddPolicy(Admin, Of(TokenScope.Admin));
    }

    private static AuthorizationPolicy Of(TokenScope needed) =>
        new AuthorizationPolicyBuilder(TokenAuthentication.Scheme)
            .RequireAuthenticatedUser()
            .RequireAssertion(context => context.Resource is HttpContext http && Caller.Of(http).Scope >= needed)
            .Build();
}

/// <summary>Marks an endpoint that may be repeated with an <c>Idempotency-Key</c>, for the API's description.</summary>
internal sealed record TakesIdempotencyKey;

/// <summary>Marks an endpoint that only reads and is in the audit log all the same.</summary>
internal sealed record Audited;
