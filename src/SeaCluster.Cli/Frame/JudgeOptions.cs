using System.CommandLine;
using SeaCluster.Method.Endpoints;
using SeaCluster.Method.Evaluation.Judges;
using SeaCluster.Models;

namespace SeaCluster.Cli.Frame;

/// <summary>The options that choose a judge: refusal phrases offline, or a model behind an OpenAI-compatible endpoint.</summary>
internal sealed class JudgeOptions
{
    private static readonly string[] Kinds = ["refusal", .. EndpointJudges.Kinds];

    private readonly string _prefix;
    private readonly Option<string?> _address;
    private readonly Option<string?> _model;
    private readonly Option<string?> _kind;
    private readonly Option<string> _key;

    public JudgeOptions(string prefix, string whose)
    {
        _prefix = prefix;
        _address = new($"--{prefix}") { Description = $"{whose}: base address of an OpenAI-compatible endpoint, such as http://localhost:8000/v1", HelpName = "URL" };
        _model = new($"--{prefix}-model") { Description = $"{whose}: the model's name at the endpoint", HelpName = "NAME" };
        _kind = new($"--{prefix}-kind") { Description = $"{whose}: {string.Join(", ", Kinds)}; default: safe-unsafe with an endpoint, else refusal", HelpName = "KIND" };
        _kind.AcceptOnlyFromAmong(Kinds);
        _key = new($"--{prefix}-key-env") { Description = $"{whose}: environment variable that holds the API key", HelpName = "VAR", DefaultValueFactory = _ => "OPENAI_API_KEY" };
    }

    public Symbol[] Symbols => [_address, _model, _kind, _key];

    /// <summary>Whether a judge was chosen at all.</summary>
    public bool Given(ParseResult parsed) => parsed.GetValue(_address) is not null || parsed.GetValue(_kind) is not null;

    /// <summary>The chosen judge, and its connection where it has one.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="cache">Folder of its replies.</param>
    /// <exception cref="SeaException">The options do not fit together, or the key is not set.</exception>
    public (IJudge Judge, ChatEndpoint? Endpoint) Create(ParseResult parsed, string cache)
    {
        string? address = parsed.GetValue(_address);
        string kind = parsed.GetValue(_kind) ?? (address is null ? "refusal" : EndpointJudges.SafeUnsafe);
        if (kind == "refusal")
        {
            return address is null ? (RefusalJudge.Standard, null) : throw Wrong($"--{_prefix}-kind refusal needs no endpoint.", $"Leave --{_prefix} out, or name another kind.");
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            throw Wrong(address is null ? $"--{_prefix}-kind {kind} asks a model." : $"--{_prefix} {address}: expected an address such as http://localhost:8000/v1.", $"Name its endpoint with --{_prefix} URL.");
        }

        string model = parsed.GetValue(_model) ?? throw Wrong($"--{_prefix} needs --{_prefix}-model, the model's name at the endpoint.", null);
        ChatEndpoint connection = new(new ChatEndpointOptions(endpoint, model, ApiKey.Of(parsed.GetValue(_key)!, endpoint)) { CacheFolder = cache });
        return (EndpointJudges.Of(kind, connection, model), connection);
    }

    private static SeaException Wrong(string message, string? hint) => new(message, hint) { WrongUse = true };
}
