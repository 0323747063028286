using System.Diagnostics;

namespace SeaCluster.Server.Driving;

/// <summary>How the <c>sea</c> command is started as a child process.</summary>
/// <param name="Program">The executable.</param>
/// <param name="Before">Arguments in front of the command's own, such as the path of <c>sea.dll</c> behind <c>dotnet</c>.</param>
public sealed record ChildCommand(string Program, IReadOnlyList<string> Before)
{
    /// <summary>Variables of the environment that differ from this process's.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>This very process's command.</summary>
    public static ChildCommand Own
    {
        get
        {
            string program = System.Environment.ProcessPath ?? "dotnet", assembly = System.Environment.GetCommandLineArgs()[0];
            return Path.GetFileNameWithoutExtension(program) == "dotnet" ? new ChildCommand(program, [assembly]) : new ChildCommand(program, []);
        }
    }

    internal Process Start(IEnumerable<string> arguments, string folder, string? traceparent)
    {
        ProcessStartInfo start = new(Program, [.. Before, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        foreach ((string name, string value) in Environment)
        {
            start.Environment[name] = value;
        }

        if (traceparent is not null)
        {
            start.Environment["TRACEPARENT"] = traceparent;
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
