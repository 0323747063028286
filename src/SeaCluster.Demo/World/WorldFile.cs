using System.Text.Json;
using System.Text.Json.Serialization;
using SeaCluster.Method.Preparation;
using SeaCluster.Models;

namespace SeaCluster.Demo.World;

/// <summary>The layout of <c>world.json</c>; <see cref="DemoWorld"/> gives it a meaning.</summary>
internal sealed record WorldFile
{
    public string About { get; init; } = "";

    public required IReadOnlyDictionary<string, string[]> Harmful { get; init; }

    public required IReadOnlyDictionary<string, string[]> Benign { get; init; }

    public required ByKind<string[]> Instructions { get; init; }

    public required ByKind<Detoxification> Detoxified { get; init; }

    public required string[] Comply { get; init; }

    public required string[] Refuse { get; init; }

    public required IReadOnlyDictionary<string, WorldModality> Modalities { get; init; }

    public required string ContentAnswer { get; init; }

    public required string StyleAnswer { get; init; }

    public required QuestionTexts Questions { get; init; }

    public required string Missing { get; init; }

    internal static WorldFile Read(string name, Stream stream)
    {
        try
        {
            return JsonSerializer.Deserialize<WorldFile>(stream, Options)!;
        }
        catch (JsonException e)
        {
            throw new SeaException($"The world '{name}' is malformed: {e.Message}", inner: e);
        }
    }

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
    };

    internal sealed record ByKind<T>(T Activity, T Product)
    {
        internal T For(WorldPhrase phrase) => phrase.Kind == PhraseKind.Activity ? Activity : Product;
    }

    internal sealed record Detoxification(string StandsForPhrase, string Opening);

    internal sealed record QuestionTexts(DangerousTexts Dangerous, AboutTexts About, KindTexts Kind, RepeatTexts Repeat);

    internal sealed record DangerousTexts(string OfMedium, string OfText, string Yes, string No);

    internal sealed record AboutTexts(string OfMedium, string OfText, string Answer);

    internal sealed record KindTexts(string OfMedium, string Activity, string Product);

    internal sealed record RepeatTexts(string OfText, string Answer);
}
