using System.Reflection;
using System.Runtime.Loader;
using System.Xml.Linq;
using SeaCluster.Tests;

namespace SeaCluster.Torch.Tests.Api;

/// <summary>The real TorchSharp.dll of the version that Directory.Packages.props names, where NuGet restored it at some time.</summary>
internal static class TorchSharpPackage
{
    internal static string Version { get; } = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"))
        .Descendants("PackageVersion")
        .Single(x => x.Attribute("Include")?.Value == "TorchSharp")
        .Attribute("Version")!.Value;

    internal static string? Location => Candidates().FirstOrDefault(File.Exists);

    internal static Assembly Load()
    {
        var context = new AssemblyLoadContext("TorchSharp package", isCollectible: false);
        context.Resolving += (_, name) => NewestInCache(name.Name!) is { } path ? context.LoadFromAssemblyPath(path) : null;
        return context.LoadFromAssemblyPath(Location!);
    }

    private static string Cache => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } chosen
        ? chosen
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static IEnumerable<string> Candidates() =>
        new[] { "net8.0", "netstandard2.0" }.Select(framework => Path.Combine(Cache, "torchsharp", Version, "lib", framework, "TorchSharp.dll"));

    // TorchSharp's own dependencies are only needed as far as its signatures name their types.
    private static string? NewestInCache(string assembly)
    {
        var folder = Path.Combine(Cache, assembly.ToLowerInvariant());
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, assembly + ".dll", SearchOption.AllDirectories)
                .Where(x => x.Contains("/lib/net", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .LastOrDefault()
            : null;
    }
}

/// <summary>Runs where the TorchSharp package lies in NuGet's cache; else skipped with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TorchSharpPackageFactAttribute : FactAttribute
{
    public TorchSharpPackageFactAttribute()
    {
        if (TorchSharpPackage.Location is null)
        {
            Skip = $"needs the package TorchSharp {TorchSharpPackage.Version} in NuGet's cache: dotnet restore src/SeaCluster.Torch -p:SeaTorchSharp=true";
        }
    }
}
