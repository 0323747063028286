using System.Net;
using System.Net.Sockets;
using SeaCluster.Runs.Specs;

namespace SeaCluster.Server.Runs;

/// <summary>What specs that come over the network may name.</summary>
public sealed record SpecLimits
{
    /// <summary>Folders below which every path must lie.</summary>
    public required IReadOnlyList<string> Folders { get; init; }

    /// <summary>Hosts of language services that may be asked although their address is private.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>Environment variables whose value may be sent to a service as its key.</summary>
    public IReadOnlyList<string> KeyVariables { get; init; } = [new LlmOptions().ApiKeyVariable];
}

/// <summary>
/// Keeps a submitted spec within its limits: it is read by a process that may read more than who submitted it, reaches hosts that they do not, and holds keys that they must not have.
/// </summary>
/// <param name="limits">What is allowed.</param>
/// <param name="resolve">Gives a host's addresses; the system's resolver if null.</param>
public sealed class SpecGuard(SpecLimits limits, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
{
    private readonly IReadOnlyList<string> _folders = [.. limits.Folders.Select(folder => RealPath.Of(folder) ?? folder)];

    /// <summary>What a spec names and may not.</summary>
    public async Task<IReadOnlyList<SpecProblem>> CheckAsync(RunSpec spec, CancellationToken cancel) =>
        [.. ServersOwn(spec), .. Paths(spec), .. await EndpointsAsync("prepare.llm", spec.Prepare.Llm, cancel), .. await EndpointsAsync("evaluate.llm", spec.Evaluate.Llm, cancel)];

    private static IEnumerable<SpecProblem> ServersOwn(RunSpec spec)
    {
        if (spec.Out is not null)
        {
            yield return new SpecProblem("out", 0, "is for the server to choose; leave it out");
        }

        if (spec.Ledger is not null)
        {
            yield return new SpecProblem("ledger", 0, "is for the server to choose; leave it out");
        }
    }

    // Says nothing of what lies outside, not even whether it exists.
    private IEnumerable<SpecProblem> Paths(RunSpec spec) =>
        from option in SpecInputs.Paths(spec)
        where option.Key != "out" && !(RealPath.Of(option.Value) is { } real && _folders.Any(folder => RealPath.IsBelow(real, folder)))
        select new SpecProblem(option.Key, 0, $"{option.Value} is not below a folder that this server allows ({string.Join(", ", limits.Folders)}); whoever runs it adds one with --allow DIR");

    private async Task<IReadOnlyList<SpecProblem>> EndpointsAsync(string section, LlmOptions llm, CancellationToken cancel)
    {
        List<SpecProblem> problems = [];
        if (!limits.KeyVariables.Contains(llm.ApiKeyVariable, StringComparer.Ordinal))
        {
            problems.Add(new SpecProblem($"{section}.api_key_variable", 0, $"{llm.ApiKeyVariable} is not a variable that this server gives away ({string.Join(", ", limits.KeyVariables)}); whoever runs it adds one with --allow-key NAME"));
        }

        if (llm.Endpoint is { } endpoint && Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) && await WhyNotAsync(address, cancel) is { } reason)
        {
            problems.Add(new SpecProblem($"{section}.endpoint", 0, $"{address.Host} {reason}; whoever runs this server allows it with --allow-endpoint {address.Host}"));
        }

        return problems;
    }

    private async Task<string?> WhyNotAsync(Uri address, CancellationToken cancel)
    {
        if (limits.Endpoints.Contains(address.IdnHost, StringComparer.OrdinalIgnoreCase) || limits.Endpoints.Contains(address.Host, StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        try
        {
            IPAddress[] addresses = IPAddress.TryParse(address.IdnHost, out IPAddress? given) ? [given] : await (resolve ?? Dns.GetHostAddressesAsync)(address.IdnHost, cancel);
            return addresses.Length == 0 ? "has no address" : addresses.All(PublicAddress.IsPublic) ? null : "has a private or local address";
        }
        catch (SocketException)
        {
            return "cannot be resolved";
        }
    }
}
