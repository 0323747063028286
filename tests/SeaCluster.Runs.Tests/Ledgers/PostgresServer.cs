using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using SeaCluster.Runs.Ledgers.Postgres;
using SeaCluster.Tests;

namespace SeaCluster.Runs.Tests.Ledgers;

[CollectionDefinition(PostgresServer.Collection)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>;

/// <summary>A PostgreSQL server of the tests' own: a temporary cluster on the loopback, run by a user who is not the superuser, ended by its process id.</summary>
public sealed class PostgresServer : IAsyncLifetime, IDisposable
{
    public const string Collection = "PostgreSQL";

    /// <summary>The programs that it needs, for <see cref="RequiresFactAttribute"/>.</summary>
    public const string Needed = "initdb postgres";

    private const string Nobody = "65534";
    private readonly TemporaryFolder _folder = new();
    private int _port;
    private Process? _process;

    public async Task InitializeAsync()
    {
        if (Programs.WhyNot(Needed) is not null)
        {
            return;
        }

        if (Environment.IsPrivilegedProcess)
        {
            await FinishedAsync(new ProcessStartInfo("chown", [$"{Nobody}:{Nobody}", _folder.Path]));
        }

        await FinishedAsync(Program("initdb", "-D", Data, "-U", "sea", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"));
        // One role must give a password; everybody else comes in as named.
        string rules = Path.Combine(Data, "pg_hba.conf");
        await File.WriteAllTextAsync(rules, "host all locked 127.0.0.1/32 scram-sha-256\n" + await File.ReadAllTextAsync(rules));
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    public void Dispose() => _process?.Dispose();

    /// <summary>A ledger's address in this server.</summary>
    public string Text(string schema, string login = "sea", string database = "postgres") =>
        string.Create(CultureInfo.InvariantCulture, $"postgres://{login}@127.0.0.1:{_port}/{database}?schema={schema}");

    public PostgresAddress Address(string schema) => PostgresAddress.Parse(Text(schema));

    /// <summary>Runs SQL as the owner of everything; the first value of its last row.</summary>
    public async Task<object?> AskAsync(string sql)
    {
        await using NpgsqlConnection connection = new(string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=sea;Database=postgres;Pooling=false"));
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Starts the server, on the port it had before; returns once it takes connections.</summary>
    public async Task StartAsync()
    {
        for (int again = 0; ; again++)
        {
            _port = _port == 0 ? FreePort() : _port;
            TaskCompletionSource<string?> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
            string said = "";
            Process process = new()
            {
                StartInfo = Program(
                    "postgres", "-D", Data, "-p", _port.ToString(CultureInfo.InvariantCulture), "-h", "127.0.0.1", "-k", "", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=100"),
            };
            process.ErrorDataReceived += (_, line) =>
            {
                said += line.Data + "\n";
                if (line.Data is null)
                {
                    ready.TrySetResult(said);
                }
                else if (line.Data.Contains("ready to accept connections", StringComparison.Ordinal))
                {
                    ready.TrySetResult(null);
                }
            };
            process.Start();
            process.BeginErrorReadLine();
            if (await ready.Task is not { } failure)
            {
                _process = process;
                return;
            }

            process.Dispose();
            if (again == 3)
            {
                throw new InvalidOperationException($"PostgreSQL did not start: {failure}");
            }

            // Somebody took the port between our looking and its binding.
            _port = 0;
        }
    }

    /// <summary>Ends the server at once, as a crash of it would; connections are cut.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            await FinishedAsync(new ProcessStartInfo("kill", ["-QUIT", process.Id.ToString(CultureInfo.InvariantCulture)]));
            await process.WaitForExitAsync();
            process.Dispose();
            _process = null;
        }
    }

    private string Data => _folder.PathOf("data");

    // PostgreSQL refuses to run as the superuser.
    private static ProcessStartInfo Program(string name, params string[] arguments)
    {
        string path = Programs.Find(name)!;
        return new ProcessStartInfo(Environment.IsPrivilegedProcess ? "setpriv" : path, Environment.IsPrivilegedProcess ? [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--", path, .. arguments] : arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            WorkingDirectory = "/",
            Environment = { ["LC_ALL"] = "C" },
        };
    }

    private static async Task FinishedAsync(ProcessStartInfo start)
    {
        start.UseShellExecute = false;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{start.FileName} {string.Join(' ', start.ArgumentList)}: {await output}{errors}");
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
