namespace SeaCluster.Tests;

/// <summary>A test that needs a part of the machine; where it is absent the test is skipped by name, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresFactAttribute : FactAttribute
{
    /// <param name="commands">Programs that must be on PATH, separated by blanks.</param>
    public RequiresFactAttribute(string commands)
    {
        string? missing = commands.Split(' ').FirstOrDefault(command => !OnPath(command));
        if (missing is not null)
        {
            Skip = $"needs '{missing}' on PATH";
        }
    }

    private static bool OnPath(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, command)));
}
