using SeaCluster.Demo.Pictures;
using SeaCluster.Models;

namespace SeaCluster.Demo.Tests;

/// <summary>A test that draws; where a font of the demo is not installed it is skipped by name, with the fonts that are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresFontsAttribute : FactAttribute
{
    private static readonly string? Missing = FindMissing();

    public RequiresFontsAttribute() => Skip = Missing;

    private static string? FindMissing()
    {
        try
        {
            DemoFonts.Load().Dispose();
            return null;
        }
        catch (SeaException e)
        {
            return $"{e.Message} {e.Hint}";
        }
    }
}
