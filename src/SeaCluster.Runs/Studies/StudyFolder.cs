using System.Text.Json;
using SeaCluster.Models;
using SeaCluster.Runs.Artifacts;
using SeaCluster.Runs.Folders;

namespace SeaCluster.Runs.Studies;

/// <summary>A run of a study, as its folder has it.</summary>
/// <param name="Name">The variant.</param>
/// <param name="Arm">Its row in the table.</param>
/// <param name="Folder">Below the study's folder.</param>
public sealed record StudyMember(string Name, string Arm, string Folder);

/// <summary>What a study consists of, as <c>study.json</c> in its folder says: written when it begins, so that what is not begun yet is known too.</summary>
/// <param name="Name">The study's name.</param>
/// <param name="Runs">Its variants in order.</param>
/// <param name="LeftOut">Control arms that the data do not allow, each with the reason.</param>
public sealed record StudyFolder(string Name, IReadOnlyList<StudyMember> Runs, IReadOnlyDictionary<string, string> LeftOut)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>The study's own file in its folder.</summary>
    public static string FileIn(string folder) => Path.Combine(folder, "study.json");

    /// <summary>The folder of a variant's run.</summary>
    public static RunFolder RunIn(string folder, StudyMember member) => new(Path.Combine(folder, member.Folder));

    /// <summary>The study in a folder; null where there is none.</summary>
    /// <exception cref="SeaException">Its file is damaged.</exception>
    public static StudyFolder? Find(string folder)
    {
        string file = FileIn(folder);
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<StudyFolder>(File.ReadAllBytes(file), Json) is { Runs: not null, LeftOut: not null } study
                && study.Runs.All(member => member is { Name: not null, Arm: not null, Folder: not null } && SafeName.IsBelowRoot(member.Folder))
                    ? study
                    : throw new JsonException("it names no runs.");
        }
        catch (JsonException error)
        {
            throw new SeaException($"{file}: not a study's file: {error.Message}", "Start the study's command again: it writes the file anew.", error);
        }
    }

    /// <summary>What a study will consist of.</summary>
    internal static StudyFolder Of(StudySpec study) => new(
        study.Name, [.. study.Variants.Select(variant => new StudyMember(variant.Name, variant.Arm, SafeName.Of(variant.Name)))], study.LeftOut.ToDictionary(left => left.Key, left => left.Value, StringComparer.Ordinal));

    internal void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(FileIn(folder), stream => JsonSerializer.Serialize(stream, this, Json));
    }
}
