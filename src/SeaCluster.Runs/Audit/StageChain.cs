using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SeaCluster.Runs.Coordination;
using SeaCluster.Runs.Ledgers;

namespace SeaCluster.Runs.Audit;

/// <summary>
/// What a stage was built on: one hash over the name and the hash of every artifact of the stages before it. It is recorded with the stage's summary, so that an audit can follow a
/// report back to the rows: had anything been made again behind a stage's back, the hashes would differ.
/// </summary>
public static class StageChain
{
    /// <summary>The hash's name in a stage's summary.</summary>
    public const string Key = "built_on";

    /// <summary>The hash as the ledger stands, 64 hex digits.</summary>
    public static async Task<string> OfAsync(ILedger ledger, string run, StageName stage, CancellationToken cancel)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (StageName before in StageNames.All.TakeWhile(name => name != stage))
        {
            foreach (ArtifactRow artifact in await ledger.ArtifactsAsync(run, before.Text(), cancel))
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"{artifact.Name}\t{artifact.Hash}\n"));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A stage's outcome with the hash beside its figures.</summary>
    public static StageOutcome Seal(StageOutcome outcome, string hash)
    {
        JsonObject summary = outcome.Summary ?? [];
        summary[Key] = hash;
        return outcome with { Summary = summary };
    }

    /// <summary>The hash that a stage recorded; null for one that recorded none.</summary>
    public static string? Of(StageRow row) => row.Summary is null ? null : (string?)JsonNode.Parse(row.Summary)?[Key];
}
