using System.Security.Cryptography;
using System.Text;

namespace SeaCluster.Runs.Specs;

/// <summary>
/// A spec's identity: a hash over every option that can change a result. Paths are left out (the contents they name are fingerprinted
/// instead, <see cref="SpecInputs"/>), so a run goes on after its folders moved; so are operational options such as the device.
/// </summary>
public static class SpecHash
{
    /// <summary>sha256 as 64 hex digits.</summary>
    public static string Of(RunSpec spec)
    {
        StringBuilder canonical = new();
        foreach (SpecEntry option in Identity.OrderBy(option => option.Path, StringComparer.Ordinal))
        {
            canonical.Append(option.Path).Append('=').Append(SpecWriter.Text(option, option.ValueIn(spec))).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())));
    }

    /// <summary>The options on which two specs disagree about results, as <c>path: one -> other</c>.</summary>
    public static IReadOnlyList<string> Differences(RunSpec one, RunSpec other) =>
        [.. Identity.Select(option => (option.Path, One: SpecWriter.Text(option, option.ValueIn(one)), Other: SpecWriter.Text(option, option.ValueIn(other))))
            .Where(option => option.One != option.Other)
            .Select(option => $"{option.Path}: {option.One} -> {option.Other}")];

    private static IEnumerable<SpecEntry> Identity => SpecSchema.Root.Options.Where(option => option.Rules is { Operational: false, Path: false });
}
