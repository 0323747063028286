using Microsoft.Extensions.Logging;
using SeaCluster.Server.Access;
using SeaCluster.Server.Driving;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server;

/// <summary>What <c>sea serve</c> is told.</summary>
public sealed record ServerOptions
{
    /// <summary>The folder of run folders.</summary>
    public required string Root { get; init; }

    /// <summary>The database of new runs' ledgers; null is <c>ledger.db</c> in each run folder.</summary>
    public string? Ledger { get; init; }

    /// <summary>Addresses to listen on, in Kestrel's syntax; Kestrel's own configuration (<c>Kestrel:Endpoints</c>) goes before them.</summary>
    public IReadOnlyList<string> Urls { get; init; } = ["http://127.0.0.1:8080"];

    /// <summary>A JSON file of settings, such as <c>Kestrel:Certificates</c>; null for none.</summary>
    public string? Settings { get; init; }

    /// <summary>Whether it drives submitted runs itself; false leaves them to <c>sea trainer</c>.</summary>
    public bool Drive { get; init; } = true;

    /// <summary>Runs driven at once.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>How the command is started as a child.</summary>
    public required ChildCommand Command { get; init; }

    /// <summary>Where warnings of the frameworks go; null: among the server's own remarks.</summary>
    public ILoggerProvider? Logs { get; init; }

    /// <summary>What submitted specs may name; the root alone where null.</summary>
    public SpecLimits? Limits { get; init; }

    /// <summary>How much one caller may ask.</summary>
    public RateLimits Rates { get; init; } = new();
}
