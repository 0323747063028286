using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeaCluster.Models;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Client;

/// <summary>Asks a server over its API.</summary>
public sealed class ServerClient : IDisposable
{
    private const int MostTries = 4;
    private const int PageSize = 200;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

    private readonly HttpClient _http;
    private readonly Uri _server;

    /// <param name="server">The server's address.</param>
    /// <param name="token">The token; null where the server asks for none.</param>
    public ServerClient(Uri server, string? token)
    {
        _server = server;
        // A token goes to the server that was named, and nowhere that one points to.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15) }) { BaseAddress = new Uri(server.AbsoluteUri.TrimEnd('/') + "/api/v1/") };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>Submits a run, once: where the answer is lost, the same request is repeated.</summary>
    /// <param name="spec">The spec, YAML.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="SeaException">The server refuses, or does not answer.</exception>
    public async Task<RunDocument> SubmitAsync(string spec, CancellationToken cancel)
    {
        string key = Guid.NewGuid().ToString("N");
        using HttpResponseMessage answer = await AskAsync(
            () => new HttpRequestMessage(HttpMethod.Post, "runs") { Content = new StringContent(spec, Encoding.UTF8, "application/yaml"), Headers = { { "Idempotency-Key", key } } }, cancel);
        return await ReadAsync<RunDocument>(answer, cancel);
    }

    /// <summary>Where a run stands.</summary>
    /// <exception cref="SeaException">There is no such run, or the server does not answer.</exception>
    public async Task<RunDocument> RunAsync(string id, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await AskAsync(() => new HttpRequestMessage(HttpMethod.Get, $"runs/{Uri.EscapeDataString(id)}"), cancel);
        return await ReadAsync<RunDocument>(answer, cancel);
    }

    /// <summary>All runs, newest first.</summary>
    /// <exception cref="SeaException">The server does not answer.</exception>
    public async Task<IReadOnlyList<RunSummary>> RunsAsync(CancellationToken cancel)
    {
        List<RunSummary> runs = [];
        string? next = null;
        do
        {
            string cursor = next is null ? "" : $"&cursor={next}";
            using HttpResponseMessage answer = await AskAsync(() => new HttpRequestMessage(HttpMethod.Get, $"runs?limit={PageSize}{cursor}"), cancel);
            RunPage page = await ReadAsync<RunPage>(answer, cancel);
            runs.AddRange(page.Runs);
            next = page.Next;
        }
        while (next is not null);

        return runs;
    }

    /// <summary>Fetches a run's report into a file, whole.</summary>
    /// <exception cref="SeaException">There is none yet, or the server does not answer.</exception>
    public async Task ReportAsync(string id, string path, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await AskAsync(() => new HttpRequestMessage(HttpMethod.Get, $"runs/{Uri.EscapeDataString(id)}/report"), cancel);
        byte[] page = await answer.Content.ReadAsByteArrayAsync(cancel);
        try
        {
            AtomicFile.Write(path, file => file.Write(page));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"{path}: cannot write the report: {error.Message}", inner: error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> AskAsync(Func<HttpRequestMessage> request, CancellationToken cancel)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                using HttpRequestMessage message = request();
                HttpResponseMessage answer = await _http.SendAsync(message, cancel);
                if (answer.IsSuccessStatusCode)
                {
                    return answer;
                }

                using (answer)
                {
                    if (tries >= MostTries || answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests))
                    {
                        throw await RefusedAsync(answer, cancel);
                    }

                    await Task.Delay(answer.Headers.RetryAfter?.Delta ?? Wait * tries, cancel);
                }
            }
            catch (HttpRequestException error) when (tries < MostTries && error.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError))
            {
                await Task.Delay(Wait * tries, cancel);
            }
            catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancel.IsCancellationRequested))
            {
                throw new SeaException($"{_server}: the server cannot be reached: {(error.InnerException ?? error).Message}", "is 'sea serve' running there?", error);
            }
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            return (await answer.Content.ReadFromJsonAsync<T>(ServerJson.Options, cancel))!;
        }
        catch (JsonException error)
        {
            throw new SeaException($"{_server}: answers with something else than this command understands: {error.Message}", "is it a 'sea serve' of this version?", error);
        }
    }

    private async Task<SeaException> RefusedAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        JsonObject? problem = null;
        try
        {
            problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancel)) as JsonObject;
        }
        catch (JsonException)
        {
            // Not a server of ours, or a proxy before it: the status says what there is to say.
        }

        StringBuilder message = new($"{_server}: {(problem?["detail"] is JsonValue detail ? detail.ToString() : $"{(int)answer.StatusCode} {answer.ReasonPhrase}")}");
        foreach (JsonNode? error in problem?["errors"] as JsonArray ?? [])
        {
            message.Append("\n  ").Append(error?["option"]).Append(": ").Append(error?["message"]);
        }

        string? hint = answer.StatusCode == HttpStatusCode.Unauthorized ? "give the token in SEA_TOKEN or with --token-file" : problem?["hint"]?.ToString();
        return new SeaException(message.ToString(), hint) { WrongUse = answer.StatusCode is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest };
    }
}
