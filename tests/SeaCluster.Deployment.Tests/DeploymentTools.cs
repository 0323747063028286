using System.Diagnostics;
using SeaCluster.Tests;

namespace SeaCluster.Deployment.Tests;

/// <summary>A test that needs helm, node and the schemas; skipped by name where they are neither there nor to be had.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolsFactAttribute : FactAttribute
{
    public ToolsFactAttribute() => Skip = DeploymentTools.WhyNot!;
}

/// <summary>The same for a test with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolsTheoryAttribute : TheoryAttribute
{
    public ToolsTheoryAttribute() => Skip = DeploymentTools.WhyNot!;
}

/// <summary>helm, node and what they read, as <c>eng/deployment-tools.sh</c> fetches them into a cache folder outside the checkout.</summary>
internal static class DeploymentTools
{
    private static readonly Lazy<(string? Folder, string? Problem)> s_found = new(Find);

    /// <summary>Why they are not there; null where they are.</summary>
    public static string? WhyNot => s_found.Value.Problem;

    /// <summary>Runs helm.</summary>
    public static Task<(int Exit, string Output, string Error)> HelmAsync(params string[] arguments) => RunAsync(Path.Combine(s_found.Value.Folder!, "bin", "helm"), "", arguments);

    /// <summary>Runs a script of the tests with node, the cache folder as its first argument.</summary>
    public static Task<(int Exit, string Output, string Error)> NodeAsync(string script, string input, params string[] arguments) =>
        RunAsync("node", input, [Repository.PathOf("tests", "SeaCluster.Deployment.Tests", script), s_found.Value.Folder!, .. arguments]);

    private static (string? Folder, string? Problem) Find()
    {
        if (Programs.WhyNot("sh node npm") is { } missing)
        {
            return (null, missing);
        }

        (int exit, string output, string error) = RunAsync("sh", "", Repository.PathOf("eng", "deployment-tools.sh")).GetAwaiter().GetResult();
        return exit == 0 ? (output.Trim(), null) : (null, $"eng/deployment-tools.sh: {error.Trim()}");
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string program, string input, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
