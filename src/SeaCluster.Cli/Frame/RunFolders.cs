using System.CommandLine;
using System.Text.Json.Nodes;
using SeaCluster.Models;
using SeaCluster.Runs.Folders;

namespace SeaCluster.Cli.Frame;

/// <summary>Run folders on the command line.</summary>
internal static class RunFolders
{
    public static Argument<string> Argument(string description = "The run's folder") => new("run") { Description = description, HelpName = "DIR" };

    /// <exception cref="SeaException">There is no such folder, or no run in it.</exception>
    public static RunFolder Open(string path)
    {
        RunFolder folder = new(path);
        if (!Directory.Exists(path))
        {
            throw new SeaException($"{path}: no such folder.", "Name the folder that 'sea run' made, such as runs/NAME.") { WrongUse = true };
        }

        return folder.HasRun
            ? folder
            : throw new SeaException($"{path}: no run was begun here ({Path.GetFileName(folder.Ledger)} is missing).", "Name the folder that 'sea run' made, such as runs/NAME.") { WrongUse = true };
    }

    /// <summary>Stage summaries are JSON texts in the ledger, and JSON in JSON.</summary>
    public static JsonNode? Parse(string? json) => json is null ? null : JsonNode.Parse(json);
}
