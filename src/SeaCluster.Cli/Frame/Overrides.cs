using SeaCluster.Models;

namespace SeaCluster.Cli.Frame;

/// <summary>Options of a spec on the command line.</summary>
internal static class Overrides
{
    /// <exception cref="SeaException">It is not KEY=VALUE.</exception>
    public static KeyValuePair<string, string> Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? new(text[..equals], text[(equals + 1)..])
            : throw new SeaException($"--set {text}: expected KEY=VALUE.", "For example --set synthesize.steps=20.") { WrongUse = true };
    }
}
