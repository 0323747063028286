using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using SeaCluster.Torch;

namespace SeaCluster.Cli.Frame;

/// <summary>The version, and what the tensors run on.</summary>
internal sealed class VersionText : SynchronousCommandLineAction
{
    // Asked for the version, a command line may be incomplete.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        string version = typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        TorchRuntime.Initialize();
        parseResult.InvocationConfiguration.Output.WriteLine($"sea {version}");
        parseResult.InvocationConfiguration.Output.WriteLine(TorchRuntime.Description);
        return ExitCode.Done;
    }
}
