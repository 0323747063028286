namespace SeaCluster.Tests;

/// <summary>A test that needs a part of the machine; where it is absent the test is skipped by name, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresFactAttribute : FactAttribute
{
    /// <param name="commands">Programs that must be on PATH, separated by blanks.</param>
    public RequiresFactAttribute(string commands) => Skip = Programs.WhyNot(commands)!;
}

/// <summary>The same for a test with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresTheoryAttribute : TheoryAttribute
{
    /// <param name="commands">Programs that must be on PATH, separated by blanks.</param>
    public RequiresTheoryAttribute(string commands) => Skip = Programs.WhyNot(commands)!;
}

/// <summary>A test that takes too long for every run, or holds on a quiet machine only: SEA_LONG_TESTS=1 runs it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongFactAttribute : FactAttribute
{
    /// <param name="commands">Programs that must be on PATH, separated by blanks.</param>
    public LongFactAttribute(string commands) =>
        Skip = Environment.GetEnvironmentVariable("SEA_LONG_TESTS") is { Length: > 0 } ? Programs.WhyNot(commands)! : "takes long: SEA_LONG_TESTS=1 runs it";
}

/// <summary>A test of permissions: the superuser reads and writes regardless of them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresOrdinaryUserFactAttribute : FactAttribute
{
    /// <summary>Skips where the process may do everything.</summary>
    public RequiresOrdinaryUserFactAttribute() => Skip = Environment.IsPrivilegedProcess ? "needs a user whom permissions bind" : null!;
}

internal static class Programs
{
    /// <summary>The first program that is absent, as a reason; null where none is.</summary>
    public static string? WhyNot(string commands) =>
        commands.Split(' ').FirstOrDefault(command => Find(command) is null) is { } missing ? $"needs '{missing}' on PATH" : null;

    /// <summary>Where a program is; null where it is absent.</summary>
    public static string? Find(string command) =>
        Folders().Select(folder => Path.Combine(folder, command)).FirstOrDefault(File.Exists);

    // Debian keeps PostgreSQL's server programs beside PATH, a folder for each version.
    private static IEnumerable<string> Folders() =>
    [
        .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries),
        .. Directory.Exists(Postgres) ? Directory.GetDirectories(Postgres).OrderByDescending(folder => folder, StringComparer.Ordinal).Select(folder => Path.Combine(folder, "bin")) : [],
    ];

    private const string Postgres = "/usr/lib/postgresql";
}
