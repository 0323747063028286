using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SeaCluster.Telemetry.Tests;

/// <summary>Takes OTLP over HTTP on a free loopback port and keeps what came.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _host;

    private OtlpCollector(WebApplication host) => _host = host;

    /// <summary>Path and protobuf body of every request.</summary>
    public ConcurrentQueue<(string Path, byte[] Body)> Received { get; } = [];

    public string Address => _host.Urls.First();

    public static async Task<OtlpCollector> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication host = builder.Build();
        OtlpCollector collector = new(host);
        host.MapPost("/v1/{signal}", async (HttpContext context) =>
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body);
            collector.Received.Enqueue((context.Request.Path, body.ToArray()));
            context.Response.ContentType = "application/x-protobuf";
        });
        await host.StartAsync();
        return collector;
    }

    /// <summary>Names of the spans of a trace: in a span's message the trace's id comes first, its name is field 5.</summary>
    public IReadOnlyList<string> SpansOf(string trace)
    {
        byte[] mark = [0x0A, 16, .. Convert.FromHexString(trace)];
        List<string> names = [];
        foreach ((string _, byte[] body) in Received.Where(each => each.Path == "/v1/traces"))
        {
            for (int at = 0, found; (found = body.AsSpan(at).IndexOf(mark)) >= 0;)
            {
                at += found + mark.Length;
                names.Add(NameFrom(body, ref at));
            }
        }

        return names;
    }

    private static string NameFrom(byte[] body, ref int at)
    {
        while (true)
        {
            ulong tag = Varint(body, ref at);
            switch (tag & 7)
            {
                case 0:
                    Varint(body, ref at);
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(body, ref at);
                    at += length;
                    if (tag >> 3 == 5)
                    {
                        return System.Text.Encoding.UTF8.GetString(body, at - length, length);
                    }

                    break;
                default:
                    at += 4;
                    break;
            }
        }
    }

    private static ulong Varint(byte[] body, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = body[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
