using System.Globalization;
using System.Reflection;
using SeaCluster.Models;

namespace SeaCluster.Runs.Ledgers;

/// <summary>A change of a ledger's schema: applied once, in the order of its number.</summary>
internal sealed record Migration(int Version, string Name, string Sql);

/// <summary>The numbered SQL files of one kind of ledger, and which versions this program may open.</summary>
internal static class LedgerMigrations
{
    /// <summary>The files below <c>Ledgers/KIND/Migrations</c>, in order.</summary>
    public static IReadOnlyList<Migration> Of(string kind)
    {
        string folder = $"SeaCluster.Runs.Ledgers.{kind}.Migrations.";
        Assembly assembly = typeof(LedgerMigrations).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(resource =>
            {
                using StreamReader reader = new(assembly.GetManifestResourceStream(resource)!);
                string name = resource[folder.Length..];
                return new Migration(int.Parse(name[..4], CultureInfo.InvariantCulture), name, reader.ReadToEnd());
            })];
    }

    /// <exception cref="SeaException">The ledger has a migration that this program does not know.</exception>
    public static void RefuseNewer(string ledger, int version, IReadOnlyList<Migration> known)
    {
        if (version > known[^1].Version)
        {
            throw new SeaException(
                string.Create(CultureInfo.InvariantCulture, $"{ledger}: the ledger has schema version {version}, this program knows up to {known[^1].Version}: a newer version wrote it"),
                "use that version or a newer one");
        }
    }
}
