using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using SeaCluster.Models;
using SeaCluster.Models.Configuration;
using SeaCluster.Models.Media;

namespace SeaCluster.Method.Synthesis;

/// <summary>Real, harmless media to start from. Every sample draws one, by the seed, its id and the attempt.</summary>
public sealed class StartMedia
{
    private const int Most = 100_000;

    // Larger files are told apart by name and size: reading through gigabytes of clips would cost more than the start.
    private const long SmallFile = 32L << 20;

    private static readonly string[] Pictures = [".png", ".jpg", ".jpeg", ".webp"];
    private static readonly string[] Sounds = [".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus"];
    private static readonly string[] Clips = [".mp4", ".m4v", ".mov", ".mkv", ".webm"];

    private StartMedia(IReadOnlyList<string> files, string fingerprint) => (Files, Fingerprint) = (files, fingerprint);

    /// <summary>At least one, all of one modality.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Files { get; }

    /// <summary>Hash of the files' contents in order, without their paths.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads a folder of media (its own files, by name), or a manifest: a text file with a path a line, or JSON lines with <c>media</c>, relative to the manifest.</summary>
    /// <param name="path">Folder or manifest.</param>
    /// <param name="modality">What all of them must be.</param>
    /// <exception cref="SeaException">There are none, one does not exist, or one is of another modality: the message names it.</exception>
    public static StartMedia Read(string path, Modality modality)
    {
        string[] files = Directory.Exists(path) ? InFolder(path) : File.Exists(path) ? [.. InManifest(path)]
            : throw new SeaException($"{path}: no such file or folder.", "Give a folder of harmless media, or a file that names one a line.");
        if (files.Length is 0 or > Most)
        {
            throw new SeaException($"{path}: expected from 1 to {Most} media to start from, found {files.Length}.", $"Media are files such as {string.Join(", ", Known(modality))}.");
        }

        if (files.FirstOrDefault(file => ModalityOf(file) != modality) is { } other)
        {
            throw new SeaException(
                $"{other}: the medium to start from is {ModalityOf(other).Name()}, expected {modality.Name()}.", $"Give {modality.Name()} media alone, or choose the other modality (--modality, synthesize.modality).");
        }

        return new StartMedia(files, Hash(files));
    }

    /// <summary>The medium that a sample starts from.</summary>
    public string Of(long seed, string sample, int attempt) => Files[new SampleRandom(seed, $"start/{sample}", attempt).Below(Files.Count)];

    private static Modality ModalityOf(string file)
    {
        string extension = Path.GetExtension(file).ToLowerInvariant();
        return MediaReader.IsVideo(file) ? Modality.Video : Sounds.Contains(extension) ? Modality.Audio : Modality.Image;
    }

    private static string[] Known(Modality modality) => modality switch { Modality.Image => Pictures, Modality.Audio => Sounds, _ => Clips };

    private static string[] InFolder(string folder) =>
    [
        .. Directory.EnumerateFiles(folder).Where(file => Path.GetFileName(file)[0] != '.' && Pictures.Concat(Sounds).Concat(Clips).Contains(Path.GetExtension(file).ToLowerInvariant()))
            .Order(StringComparer.Ordinal).Select(Path.GetFullPath),
    ];

    private static IEnumerable<string> InManifest(string manifest)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(manifest))!;
        int number = 0;
        foreach (string line in File.ReadLines(manifest).Take(Most + 1))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            string named = line.TrimStart().StartsWith('{') ? Named(manifest, number, line) : line.Trim();
            string file = named.Contains('\0', StringComparison.Ordinal) ? "" : Path.GetFullPath(named, folder);
            yield return File.Exists(file) ? file : throw new SeaException($"{manifest}:{number}: the medium '{named}' does not exist.", "Paths are relative to the manifest.");
        }
    }

    private static string Named(string manifest, int number, string line)
    {
        try
        {
            using JsonDocument json = JsonText.Parse(Encoding.UTF8.GetBytes(line));
            return json.RootElement.TryGetProperty("media", out JsonElement media) && media.ValueKind == JsonValueKind.String
                ? media.GetString()!
                : throw new SeaException($"{manifest}:{number}: expected a text 'media'.", "Each line is {\"media\": \"path\"}, or a path alone.");
        }
        catch (JsonException error)
        {
            throw new SeaException($"{manifest}:{number}: not JSON: {error.Message}", inner: error);
        }
    }

    private static string Hash(string[] files)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files)
        {
            using FileStream stream = File.OpenRead(file);
            string content = stream.Length <= SmallFile ? Convert.ToHexStringLower(SHA256.HashData(stream)) : Path.GetFileName(file);
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{stream.Length} {content}\n")));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
