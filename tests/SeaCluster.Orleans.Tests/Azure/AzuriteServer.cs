using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SeaCluster.Runs.Tests;

namespace SeaCluster.Orleans.Tests.Azure;

/// <summary>Azure Storage on the loopback, played by Azurite.</summary>
internal sealed class AzuriteServer : IDisposable
{
    // Azurite's own account and key, which its documentation prints; they open nothing else.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private readonly TemporaryFolder _folder = new();
    private readonly Process _process;

    private AzuriteServer(Process process, string connection) => (_process, Connection) = (process, connection);

    /// <summary>The connection string.</summary>
    public string Connection { get; }

    public static async Task<AzuriteServer> StartAsync()
    {
        int blob = FreePort(), queue = FreePort(), table = FreePort();
        Process process = new()
        {
            StartInfo = new ProcessStartInfo(
                SeaCluster.Tests.Programs.Find("azurite")!,
                ["--silent", "--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry", "--blobPort", Text(blob), "--queuePort", Text(queue), "--tablePort", Text(table)])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        process.StartInfo.WorkingDirectory = "/";
        process.Start();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        AzuriteServer server = new(process, string.Create(CultureInfo.InvariantCulture,
            $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint=http://127.0.0.1:{blob}/{Account};QueueEndpoint=http://127.0.0.1:{queue}/{Account};TableEndpoint=http://127.0.0.1:{table}/{Account};"));
        using CancellationTokenSource enough = new(TimeSpan.FromMinutes(1));
        foreach (int port in (int[])[blob, table])
        {
            await ListensAsync(port, enough.Token);
        }

        return server;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
        _folder.Dispose();
    }

    private static async Task ListensAsync(int port, CancellationToken cancel)
    {
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, port, cancel);
                return;
            }
            catch (SocketException)
            {
                // Not yet.
                await look.WaitForNextTickAsync(cancel);
            }
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
