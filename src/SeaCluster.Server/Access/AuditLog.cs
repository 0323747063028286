using System.Text;
using System.Text.Json;
using SeaCluster.Models;

namespace SeaCluster.Server.Access;

/// <summary>One line of the audit log.</summary>
/// <param name="At">When.</param>
/// <param name="Who">The token's id and name, or <c>loopback</c>; never the token.</param>
/// <param name="What">The request without its query, or the command.</param>
/// <param name="From">The address that it came from.</param>
/// <param name="Outcome">The HTTP status, or what became of the command.</param>
public sealed record AuditEntry(DateTimeOffset At, string Who, string What, string From, string Outcome);

/// <summary>Who did what, when and from where: JSON lines, appended and synced one by one. Each is opened anew, so a log may be moved away at any time.</summary>
/// <param name="path">The file.</param>
public sealed class AuditLog(string path)
{
    private readonly Lock _gate = new();

    /// <summary>The log of the server at a root.</summary>
    public static AuditLog Of(string root) => new(ServerFolder.At(root, "audit.jsonl"));

    /// <summary>Appends a line.</summary>
    /// <exception cref="SeaException">It cannot be written: what is not recorded is not done.</exception>
    public void Write(AuditEntry entry)
    {
        byte[] line = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(entry, ServerJson.Options) + "\n");
        try
        {
            lock (_gate)
            {
                ServerFolder.Make(Path.GetDirectoryName(path)!);
                bool made = !File.Exists(path);
                using FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
                if (made)
                {
                    ServerFolder.Hide(path);
                }

                file.Write(line);
                file.Flush(flushToDisk: true);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeaException($"{path}: cannot write the audit log: {error.Message}", inner: error);
        }
    }
}
