using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using SeaCluster.Server.Access;
using SeaCluster.Server.Requests;

namespace SeaCluster.Server.Dashboard;

/// <summary>Errors: a page for who looks at pages, a problem document for programs.</summary>
internal static class ErrorPages
{
    public static Task WriteAsync(HttpContext context)
    {
        Exception? error = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        if (!TokenAuthentication.IsPage(context.Request))
        {
            return Problems.WriteAsync(context, error);
        }

        ProblemDetails problem = Problems.Of(context, error);
        return Of(problem.Status!.Value, problem.Detail ?? "").ExecuteAsync(context);
    }

    public static Task WriteAsync(HttpContext context, int status) =>
        TokenAuthentication.IsPage(context.Request) ? Of(status, Problems.Detail(context, status)).ExecuteAsync(context) : Problems.WriteAsync(context, status);

    public static Page Of(int status, string detail, string? back = null) => new(ReasonPhrases.GetReasonPhrase(status), Html.Of($"""
        <h1>{ReasonPhrases.GetReasonPhrase(status)}</h1>
        <div class="wrong">{detail}</div>
        <p><a href="{back ?? "/"}">{(back is null ? "All runs" : "Back to the run")}</a></p>
        """), Status: status);
}
