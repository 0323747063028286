using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SeaCluster.Runs;
using SeaCluster.Runs.Folders;
using SeaCluster.Server.Access;

namespace SeaCluster.Server.Tests;

/// <summary>The API's description says what the running server does.</summary>
public sealed partial class OpenApiTests
{
    [Fact]
    public async Task Every_mapped_route_is_described_and_nothing_else()
    {
        await using TestServer server = await TestServer.StartAsync();
        JsonNode document = await server.Http.JsonAsync("/openapi/v1.json");
        document["openapi"]!.ToString().ShouldStartWith("3.1");
        string[] described = [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}")).Order(StringComparer.Ordinal)];
        string[] mapped =
        [
            .. server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
                .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {endpoint.RoutePattern.RawText!.Replace("**", "", StringComparison.Ordinal)}"))
                .Order(StringComparer.Ordinal),
        ];
        mapped.Length.ShouldBeGreaterThan(10);
        described.ShouldBe(mapped);
    }

    [Fact]
    public async Task Every_described_operation_answers_as_described()
    {
        await using TestServer server = await TestServer.StartAsync();
        JsonNode document = await server.Http.JsonAsync("/openapi/v1.json");
        RunFolder folder = await SeededRun.WriteAsync(server.Root, "run", 3, done: 2, quarantined: 1, finished: true);
        await SeededRun.PutAsync(folder, StageName.Align, "adapter/config.json", "{}");
        await SeededRun.PutAsync(folder, StageName.Report, "report.html", "<p>report</p>");
        using HttpResponseMessage submitted = await server.SubmitAsync(Specs.Tiny("queued"));
        string queued = (await submitted.JsonAsync())["id"]!.ToString();
        using HttpClient admin = server.As(TokenScope.Admin), nobody = new() { BaseAddress = server.Address };
        foreach ((string path, JsonNode? operations) in document["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? operation) in operations!.AsObject())
            {
                string good = Filled(path, path.EndsWith("/cancel", StringComparison.Ordinal) ? queued : "run"), absent = Filled(path, "absent");
                await AnswersAsync(document, operation!, method, good, admin, success: true);
                await AnswersAsync(document, operation!, method, good, nobody, success: false);
                if (absent != good)
                {
                    await AnswersAsync(document, operation!, method, absent, admin, success: false);
                }

                Parameters(operation!, path).ShouldBe(InPath().Matches(path).Select(match => match.Groups["name"].Value), path);
            }
        }
    }

    private static async Task AnswersAsync(JsonNode document, JsonNode operation, string method, string address, HttpClient client, bool success)
    {
        using HttpRequestMessage request = new(new HttpMethod(method.ToUpperInvariant()), address.EndsWith("/events", StringComparison.Ordinal) ? $"{address}?follow=false" : address);
        if (operation["requestBody"]?["content"]?.AsObject() is { } bodies)
        {
            string type = bodies.Select(body => body.Key).First(key => key.EndsWith("yaml", StringComparison.Ordinal) || bodies.Count == 1);
            request.Content = new StringContent(type.EndsWith("yaml", StringComparison.Ordinal) ? Specs.Tiny("described") : """{"samples": null}""", Encoding.UTF8, type);
        }

        using HttpResponseMessage answer = await client.SendAsync(request);
        string status = $"{(int)answer.StatusCode}", what = $"{method} {address}: {status} {await answer.Content.ReadAsStringAsync()}";
        answer.IsSuccessStatusCode.ShouldBe(success, what);
        JsonNode described = operation["responses"]![status].ShouldNotBeNull(what);
        (string media, JsonNode? schema) = described["content"]!.AsObject().Select(content => (content.Key, content.Value!["schema"])).First();
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(media, what);
        if (media == "application/json")
        {
            Conforms(document, schema!, await answer.JsonAsync(), what);
        }
    }

    // As much of JSON schema as the document uses.
    private static void Conforms(JsonNode document, JsonNode schema, JsonNode? value, string where)
    {
        if (schema["$ref"] is { } reference)
        {
            Conforms(document, document["components"]!["schemas"]![reference.ToString().Split('/')[^1]]!, value, where);
            return;
        }

        if (schema["oneOf"] is JsonArray either)
        {
            if (value is not null)
            {
                Conforms(document, either.First(each => each!["type"]?.ToString() != "null")!, value, where);
            }

            return;
        }

        string[] types = schema["type"] switch { JsonArray several => [.. several.Select(type => type!.ToString())], null => [], var one => [one.ToString()] };
        if (types.Length > 0)
        {
            string kind = value?.GetValueKind() switch
            {
                null => "null",
                System.Text.Json.JsonValueKind.Object => "object",
                System.Text.Json.JsonValueKind.Array => "array",
                System.Text.Json.JsonValueKind.String => "string",
                System.Text.Json.JsonValueKind.Number => types.Contains("integer") ? "integer" : "number",
                _ => "boolean",
            };
            types.ShouldContain(kind, $"{where}: {schema.ToJsonString()} against {value?.ToJsonString()}");
        }

        if (schema["enum"] is JsonArray allowed && value is not null)
        {
            allowed.Select(each => each?.ToString()).ShouldContain(value.ToString(), where);
        }

        if (value is JsonObject properties && schema["properties"] is JsonObject known)
        {
            properties.Select(property => property.Key).Except(known.Select(property => property.Key)).ShouldBeEmpty(where);
            foreach ((string name, JsonNode? property) in properties)
            {
                Conforms(document, known[name]!, property, $"{where} {name}");
            }
        }

        if (value is JsonArray items && schema["items"] is { } item)
        {
            foreach (JsonNode? each in items)
            {
                Conforms(document, item, each, where);
            }
        }
    }

    private static IEnumerable<string> Parameters(JsonNode operation, string path) =>
        (operation["parameters"]?.AsArray() ?? []).Where(parameter => parameter!["in"]!.ToString() == "path").Select(parameter => parameter!["name"]!.ToString()).OrderBy(name => path.IndexOf($"{{{name}}}", StringComparison.Ordinal));

    private static string Filled(string path, string run) =>
        path.Replace("{id}", run, StringComparison.Ordinal).Replace("{stage}", "synthesize", StringComparison.Ordinal).Replace("{sample}", "s0", StringComparison.Ordinal).Replace("{name}", "adapter/config.json", StringComparison.Ordinal);

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex InPath();
}
