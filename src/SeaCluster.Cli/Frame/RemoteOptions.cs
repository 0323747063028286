using System.CommandLine;
using SeaCluster.Models;
using SeaCluster.Server.Client;

namespace SeaCluster.Cli.Frame;

/// <summary>The options that name a server, and how its token is given.</summary>
internal sealed class RemoteOptions
{
    private const string Variable = "SEA_TOKEN";

    private readonly Option<string?> _server;
    private readonly Option<string?> _tokenFile = SharedOptions.File(new Option<string?>("--token-file") { Description = $"File with the server's token; else it is in {Variable}", HelpName = "FILE" });

    public RemoteOptions(bool required = false) =>
        _server = new Option<string?>("--server") { Description = "Address of a 'sea serve', such as http://127.0.0.1:8080", HelpName = "URL", Required = required };

    public Symbol[] Symbols => [_server, _tokenFile];

    /// <summary>The server that is named; null where none is.</summary>
    /// <exception cref="SeaException">The address or the token's file is wrong.</exception>
    public ServerClient? Find(ParseResult parsed)
    {
        if (parsed.GetValue(_server) is not { } given)
        {
            return parsed.GetValue(_tokenFile) is null ? null : throw new SeaException("--token-file: is read only with --server.", "Name the server too.") { WrongUse = true };
        }

        if (!Uri.TryCreate(given, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new SeaException($"--server {given}: expected an http or https address.", "For example http://127.0.0.1:8080.") { WrongUse = true };
        }

        string? token = parsed.GetValue(_tokenFile) is { } file ? Read(file) : Environment.GetEnvironmentVariable(Variable);
        return new ServerClient(address, string.IsNullOrWhiteSpace(token) ? null : token.Trim());
    }

    private static string Read(string file)
    {
        try
        {
            return System.IO.File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"--token-file {file}: {error.Message}", inner: error) { WrongUse = true };
        }
    }
}
