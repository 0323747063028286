using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace SeaCluster.Method.Tests.Endpoints;

/// <summary>What the server does with a request.</summary>
internal sealed record Reply(int Status, string Body, string Headers = "", bool Cut = false, Task? After = null)
{
    /// <summary>A chat completion that says this.</summary>
    public static Reply Says(string text, string model = "judge-1") => new(200, JsonSerializer.Serialize(new
    {
        id = "c1",
        @object = "chat.completion",
        created = 1,
        model,
        choices = new[] { new { index = 0, message = new { role = "assistant", content = text }, finish_reason = "stop" } },
        usage = new { prompt_tokens = 100, completion_tokens = 2, total_tokens = 102 },
    }));

    /// <summary>An error in the endpoint's form.</summary>
    public static Reply Error(int status, string message, string headers = "") =>
        new(status, JsonSerializer.Serialize(new { error = new { message, type = "error" } }), headers);
}

/// <summary>A chat endpoint on a free loopback port that does what the test scripts, connection cuts included.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<int, JsonElement, Reply> _script;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _accepting;
    private int _requests;
    private int _open;
    private int _mostOpen;

    /// <param name="script">Gives the reply to the n-th request, from 1, with this body.</param>
    public ChatServer(Func<int, JsonElement, Reply> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1");

    public int Requests => Volatile.Read(ref _requests);

    public int MostAtOnce => Volatile.Read(ref _mostOpen);

    public ConcurrentQueue<JsonElement> Bodies { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                NetworkStream stream = client.GetStream();
                while (await ReadBodyAsync(stream) is { } body)
                {
                    int open = Interlocked.Increment(ref _open);
                    InterlockedMax(ref _mostOpen, open);
                    Bodies.Enqueue(body);
                    Reply reply = _script(Interlocked.Increment(ref _requests), body);
                    await (reply.After ?? Task.CompletedTask).WaitAsync(_stop.Token);
                    Interlocked.Decrement(ref _open);
                    byte[] bytes = Encoding.UTF8.GetBytes(reply.Body);
                    string head = $"HTTP/1.1 {reply.Status} X\r\nContent-Type: application/json\r\nContent-Length: {bytes.Length}\r\n{reply.Headers}\r\n";
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(head), _stop.Token);
                    await stream.WriteAsync(reply.Cut ? bytes.AsMemory(0, bytes.Length / 2) : bytes, _stop.Token);
                    if (reply.Cut)
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The client went away, or the test is over.
        }
    }

    private async Task<JsonElement?> ReadBodyAsync(NetworkStream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        string length = head.ToString().Split("\r\n").Single(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        byte[] body = new byte[int.Parse(length.AsSpan("Content-Length:".Length), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _stop.Token);
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (int seen = Volatile.Read(ref target); seen < value;)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen) is var before && before == seen ? value : before;
        }
    }
}
