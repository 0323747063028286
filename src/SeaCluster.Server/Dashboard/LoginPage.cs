using Microsoft.AspNetCore.Http;

namespace SeaCluster.Server.Dashboard;

/// <summary>Asks a person for a token.</summary>
internal static class LoginPage
{
    public static Page Of(Html formKey, string to, string under, bool refused = false) => new(
        "Sign in",
        Html.Of($"""
        <h1>Sign in</h1>
        {Html.If(refused, () => Html.Of($"<div class=\"wrong\" id=\"problems\" role=\"alert\">The token is wrong, revoked or expired.</div>"))}
        <section id="form" aria-label="Sign in">
        <form method="post" action="{under}/login">
        {formKey}
        <input type="hidden" name="to" value="{to}">
        <label for="token">Token</label>
        <p class="hint" id="token-hint"><code>sea token create</code> makes one. The browser keeps a session of some hours, not the token.</p>
        <input type="password" id="token" name="token" required autocomplete="current-password" aria-describedby="token-hint{(refused ? " problems" : "")}">
        <div class="actions"><button class="main">Sign in</button></div>
        </form>
        </section>
        """),
        Status: refused ? StatusCodes.Status401Unauthorized : StatusCodes.Status200OK);
}
