using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using SeaCluster.Server.Access;
using SeaCluster.Server.Driving;

namespace SeaCluster.Server.Tests;

/// <summary>A server on a free port of this machine, over a folder of its own; it can be stopped and started again over the same folder.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly string? _own;
    private WebApplication? _app;

    private TestServer(ServerOptions options, TimeProvider time, string? own)
    {
        Options = options;
        Time = time;
        _own = own;
    }

    public ServerOptions Options { get; }

    public TimeProvider Time { get; }

    public string Root => Options.Root;

    public Uri Address { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public IServiceProvider Services => _app!.Services;

    public List<string> Said { get; } = [];

    public static async Task<TestServer> StartAsync(Func<ServerOptions, ServerOptions>? with = null, TimeProvider? time = null, string? root = null)
    {
        string folder = root ?? Directory.CreateTempSubdirectory("sea-server-").FullName;
        ServerOptions options = new()
        {
            Root = folder,
            Urls = ["http://127.0.0.1:0"],
            Drive = false,
            Command = new ChildCommand("dotnet", [Path.Combine(AppContext.BaseDirectory, "sea.dll")])
            {
                // One thread: on a busy machine kernels of several wait for each other's turns.
                Environment = new Dictionary<string, string> { ["DOTNET_PROCESSOR_COUNT"] = "1", ["OMP_NUM_THREADS"] = "1" },
            },
            Limits = new Runs.SpecLimits { Folders = [folder, SeaCluster.Tests.Repository.PathOf("samples")] },
            Rates = new RateLimits(100_000, 100_000),
        };
        TestServer server = new(with?.Invoke(options) ?? options, time ?? TimeProvider.System, root is null ? folder : null);
        await server.StartAsync();
        return server;
    }

    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public async Task StopAsync()
    {
        Http.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>A client that shows a token of that scope.</summary>
    public HttpClient As(TokenScope scope, string name = "test") => WithToken(TokenFile.Of(Root, Time).Create(name, scope, null).Token);

    public HttpClient WithToken(string token)
    {
        HttpClient client = new() { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task<HttpResponseMessage> SubmitAsync(string spec, string type = "application/yaml", string? key = null, HttpClient? client = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/runs") { Content = new StringContent(spec, Encoding.UTF8, type) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await (client ?? Http).SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await StopAsync();
        }

        if (_own is not null)
        {
            Directory.Delete(_own, recursive: true);
        }
    }

    private async Task StartAsync()
    {
        _app = SeaServer.Build(Options, Time, line =>
        {
            lock (Said)
            {
                Said.Add(line);
            }
        });
        await _app.StartAsync();
        Address = new Uri(_app.Urls.Single());
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Address };
    }
}

internal static class Answers
{
    public static async Task<JsonNode> JsonAsync(this HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

    public static async Task<JsonNode> JsonAsync(this HttpClient client, string path)
    {
        using HttpResponseMessage answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        ((int)answer.StatusCode).ShouldBe(200, await answer.Content.ReadAsStringAsync());
        return await answer.JsonAsync();
    }

    public static async Task<HttpResponseMessage> GetAsync(this HttpClient client, string path, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue(name);
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>A problem document with that status; gives its detail.</summary>
    public static async Task<string> ShouldBeProblemAsync(this HttpResponseMessage answer, int status)
    {
        string body = await answer.Content.ReadAsStringAsync();
        ((int)answer.StatusCode).ShouldBe(status, body);
        answer.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        JsonNode problem = JsonNode.Parse(body)!;
        problem["status"]!.GetValue<int>().ShouldBe(status);
        problem["title"]!.GetValue<string>().ShouldNotBeNullOrEmpty();
        return problem["detail"]!.GetValue<string>();
    }
}
