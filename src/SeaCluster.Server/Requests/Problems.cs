using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using SeaCluster.Models;
using SeaCluster.Runs.Ledgers;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Server.Requests;

/// <summary>Errors as RFC 9457 has them: <c>application/problem+json</c> with a status, a title and what to do.</summary>
internal static class Problems
{
    private const string ContentType = "application/problem+json";

    public static IResult Of(int status, string detail, string? hint = null) => new Result(New(status, detail, hint));

    public static IResult NoRun(string id) => Of(StatusCodes.Status404NotFound, $"there is no run '{id}'", "GET /api/v1/runs lists them");

    /// <summary>A spec that cannot be used: every problem with its option and line.</summary>
    public static IResult Spec(IReadOnlyList<SpecProblem> wrong)
    {
        ProblemDetails problem = New(StatusCodes.Status422UnprocessableEntity, $"{wrong.Count} {(wrong.Count == 1 ? "problem" : "problems")} in the run spec", null);
        problem.Extensions["errors"] = wrong.Select(each => new { option = each.Path, line = each.Line == 0 ? (int?)null : each.Line, message = each.Message }).ToArray();
        return new Result(problem);
    }

    /// <summary>An answer that has a status and nothing else yet.</summary>
    public static Task WriteAsync(HttpContext context, int status) => WriteAsync(context, New(status, Detail(context, status), null));

    /// <summary>What an exception means for who asked.</summary>
    public static Task WriteAsync(HttpContext context, Exception? error)
    {
        ProblemDetails problem = Of(context, error);
        context.Response.StatusCode = problem.Status!.Value;
        return WriteAsync(context, problem);
    }

    /// <summary>The same, not written yet.</summary>
    public static ProblemDetails Of(HttpContext context, Exception? error) => error switch
    {
        BadHttpRequestException bad => New(bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? Detail(context, bad.StatusCode) : bad.Message, null),
        SeaException { InnerException: LedgerAwayException } away => New(StatusCodes.Status503ServiceUnavailable, away.Message, away.Hint ?? "try again in a moment"),
        DirectoryNotFoundException => New(StatusCodes.Status503ServiceUnavailable, "the folder of runs, or a part of it, is not there now", "try again in a moment"),
        SeaException known => New(StatusCodes.Status500InternalServerError, known.Message, known.Hint),
        _ => New(StatusCodes.Status500InternalServerError, "the server failed; its log says why", null),
    };

    private static Task WriteAsync(HttpContext context, ProblemDetails problem) =>
        context.Response.WriteAsJsonAsync(problem, ServerJson.Options, ContentType, context.RequestAborted);

    private static ProblemDetails New(int status, string detail, string? hint)
    {
        ProblemDetails problem = new() { Status = status, Title = ReasonPhrases.GetReasonPhrase(status), Detail = detail };
        if (hint is not null)
        {
            problem.Extensions["hint"] = hint;
        }

        return problem;
    }

    internal static string Detail(HttpContext context, int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "this server asks for a token: 'Authorization: Bearer ...'; 'sea token create' makes one",
        StatusCodes.Status403Forbidden => "the token's scope does not cover this",
        StatusCodes.Status404NotFound => $"there is nothing at {context.Request.Path}",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Path} does not take {context.Request.Method}; it takes {context.Response.Headers.Allow}",
        StatusCodes.Status413PayloadTooLarge => $"the request's body is larger than {SeaServer.LargestBody} bytes",
        StatusCodes.Status415UnsupportedMediaType => $"the body's type is '{context.Request.ContentType}', and cannot be read here; a run spec is application/yaml or application/json",
        StatusCodes.Status429TooManyRequests => "too many requests; Retry-After says how many seconds to wait",
        _ => ReasonPhrases.GetReasonPhrase(status),
    };

    private sealed class Result(ProblemDetails problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = problem.Status!.Value;
            return WriteAsync(httpContext, problem);
        }
    }
}
