using System.Text.RegularExpressions;
using SeaCluster.Tests;

namespace SeaCluster.Deployment.Tests;

/// <summary>What can be said of the Dockerfiles without building them.</summary>
public sealed partial class DockerfileTests
{
    [ToolsTheory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public async Task It_passes_the_linter(string kind)
    {
        (int exit, string output, string error) = await DeploymentTools.NodeAsync("dockerfile.mjs", Text(kind));
        exit.ShouldBe(0, output + error);
        (exit, output, error) = await DeploymentTools.NodeAsync("dockerfile.mjs", Text(kind).Replace("WORKDIR /tmp", "WORKDIR", StringComparison.Ordinal));
        exit.ShouldBe(1, output + error);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void It_builds_in_one_stage_and_runs_as_an_ordinary_user_in_another(string kind)
    {
        string text = Text(kind);
        string[] stages = text.Split("\nFROM ")[1..];
        stages.Length.ShouldBe(2);
        stages[0].ShouldContain("dotnet/sdk:");
        stages[1].ShouldContain("dotnet/aspnet:");
        stages[1].ShouldContain("\nCOPY --from=build ");
        string user = UserPattern().Match(stages[1]).Groups["user"].Value;
        user.ShouldNotBe("0");
        File.ReadAllText(Repository.PathOf("helm", "seacluster", "values.yaml")).ShouldContain($"user: {user}\n");
        text.ShouldNotContain(":latest");
        stages[1].ShouldContain("ENTRYPOINT [\"dotnet\", \"/opt/seacluster/sea.dll\"]");
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void What_it_copies_and_publishes_is_in_the_checkout_and_not_ignored(string kind)
    {
        string[] ignored = File.ReadAllLines(Repository.PathOf(".dockerignore"));
        foreach (Match copy in CopyPattern().Matches(Text(kind)))
        {
            foreach (string source in copy.Groups["what"].Value.Split(' ')[..^1])
            {
                (File.Exists(Repository.PathOf(source)) || Directory.Exists(Repository.PathOf(source))).ShouldBeTrue(source);
                ignored.ShouldNotContain(source);
            }
        }

        Text(kind).ShouldContain("dotnet publish src/SeaCluster.Cli ");
        File.ReadAllText(Repository.PathOf("src", "SeaCluster.Cli", "SeaCluster.Cli.csproj")).ShouldContain("<AssemblyName>sea</AssemblyName>");
    }

    private static string Text(string kind) => File.ReadAllText(Repository.PathOf("docker", $"{kind}.Dockerfile"));

    [GeneratedRegex(@"^USER (?<user>\d+):\d+$", RegexOptions.Multiline)]
    private static partial Regex UserPattern();

    [GeneratedRegex(@"^COPY (?<what>(?!--from).+)$", RegexOptions.Multiline)]
    private static partial Regex CopyPattern();
}
