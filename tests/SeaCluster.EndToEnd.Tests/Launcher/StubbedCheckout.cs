using System.Diagnostics;
using SeaCluster.Tests;

namespace SeaCluster.EndToEnd.Tests.Launcher;

/// <summary>
/// A small checkout with the real launcher scripts, on a machine made of stubs: <c>dotnet</c>, <c>apt-get</c> and the like are
/// scripts that note how they were called. Each file in <see cref="Machine"/> is one fact about that machine.
/// </summary>
internal sealed class StubbedCheckout : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sea-launcher-");

    public StubbedCheckout()
    {
        foreach (string file in new[] { "sea", "SeaCluster.sln", "Directory.Build.props", "Directory.Packages.props" }
            .Concat(Directory.EnumerateFiles(Repository.PathOf("eng")).Select(path => Path.Combine("eng", Path.GetFileName(path)))))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Root, file))!);
            File.Copy(Repository.PathOf(file), Path.Combine(Root, file));
        }

        string[] fonts = ["fonts-dejavu-core", "fonts-lato"];
        Write("samples/demo/font-packages.txt", string.Join('\n', fonts));
        Write("src/SeaCluster.Cli/Program.cs", "return 0;");
        Write("src/SeaCluster.Cli/SeaCluster.Cli.csproj", "<Project />");
        Write("tests/Some.Tests/SomeTests.cs", "// a test");
        foreach ((string name, string script) in Stubs.Scripts)
        {
            string path = Path.Combine(Machine, "bin", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, $"#!/bin/sh\nmachine='{Machine}'\necho \"{name} $*\" >>\"$machine/calls\"\n{script}");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Fact("installed", File.ReadAllLines(Repository.PathOf("eng", "packages.txt")).Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ')[0]).Concat(fonts));
    }

    public string Root => Path.Combine(_folder.FullName, "checkout");

    public string Machine => Path.Combine(_folder.FullName, "machine");

    /// <summary>How the stubs were called since the last look.</summary>
    public string[] Calls()
    {
        string log = Path.Combine(Machine, "calls");
        string[] calls = File.Exists(log) ? File.ReadAllLines(log) : [];
        File.Delete(log);
        return calls;
    }

    public void Fact(string name, params IEnumerable<string> lines) => File.WriteAllLines(Path.Combine(Machine, name), lines);

    public void Write(string file, string text)
    {
        string path = Path.Combine(Root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public async Task<SeaResult> Sea(params string[] arguments)
    {
        ProcessStartInfo start = new("sh", [Path.Combine(Root, "sea"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = _folder.FullName,
        };
        start.Environment["PATH"] = $"{Machine}/bin:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["HOME"] = Machine;
        start.Environment.Remove("SEA_LIBTORCH");
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return await SeaProcess.Finish(process);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
