using System.Net;
using System.Net.Sockets;
using SeaCluster.Runs.Specs;
using SeaCluster.Server.Runs;

namespace SeaCluster.Server.Tests;

/// <summary>What submitted specs may name.</summary>
public sealed class SpecGuardTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sea-guard-").FullName;

    private string Root => Path.Combine(folder, "root");

    public SpecGuardTests()
    {
        Directory.CreateDirectory(Path.Combine(Root, "inside"));
        Directory.CreateDirectory(Path.Combine(folder, "outside", "deep"));
        Directory.CreateDirectory(Path.Combine(folder, "root-not"));
        File.WriteAllText(Path.Combine(folder, "outside", "secret"), "secret");
        File.CreateSymbolicLink(Path.Combine(Root, "file-link"), Path.Combine(folder, "outside", "secret"));
        File.CreateSymbolicLink(Path.Combine(Root, "folder-link"), "../outside");
        File.CreateSymbolicLink(Path.Combine(Root, "chain"), "folder-link/deep");
        File.CreateSymbolicLink(Path.Combine(Root, "within"), "inside");
        File.CreateSymbolicLink(Path.Combine(Root, "circle"), "circle");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private RunSpec Read(string yaml)
    {
        SpecReading reading = SpecReader.Read(yaml, Root);
        return reading.Spec.ShouldNotBeNull(string.Join('\n', reading.Problems));
    }

    [Theory]
    [InlineData("inside/rows.jsonl", true)]
    [InlineData("within/rows.jsonl", true)]
    [InlineData("not/there/yet", true)]
    [InlineData("inside/../inside/rows.jsonl", true)]
    [InlineData("../outside/secret", false)]
    [InlineData("inside/../../outside/secret", false)]
    [InlineData("../root-not/rows.jsonl", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("file-link", false)]
    [InlineData("folder-link/secret", false)]
    [InlineData("folder-link/not-there", false)]
    [InlineData("chain/x", false)]
    [InlineData("circle", false)]
    public async Task Paths_stay_below_the_allowed_folders_through_links_and_dots(string path, bool allowed)
    {
                IReadOnlyList<SpecProblem> problems = await new SpecGuard(new SpecLimits { Folders = [Root] }).CheckAsync(Read($"model: {{ path: inside }}\ndata: {{ path: {path}, benign: inside/benign }}"), default);
        problems.Select(problem => problem.Path).ShouldBe(allowed ? [] : ["data.path"]);
        problems.ShouldAllBe(problem => problem.Message.Contains("is not below a folder that this server allows") && problem.Message.Contains("--allow DIR"));
    }

    [Fact]
    public async Task A_further_folder_is_allowed_by_name_also_where_it_is_a_link()
    {
        string link = Path.Combine(folder, "link");
        File.CreateSymbolicLink(link, "outside");
        RunSpec spec = Read($"model: {{ path: inside }}\ndata: {{ path: {folder}/outside/secret, benign: inside }}");
        (await new SpecGuard(new SpecLimits { Folders = [Root, link] }).CheckAsync(spec, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Whether_something_outside_exists_is_not_told()
    {
        await using TestServer server = await TestServer.StartAsync();
        string Problem(string path) => $"model: {{ path: {path} }}\ndata: {{ path: {path}, benign: {path} }}";
        using HttpResponseMessage there = await server.SubmitAsync(Problem("/etc/passwd")), absent = await server.SubmitAsync(Problem("/etc/passwx"));
        string first = await there.Content.ReadAsStringAsync(), second = await absent.Content.ReadAsStringAsync();
        first.Replace("passwd", "passwx", StringComparison.Ordinal).ShouldBe(second);
        await there.ShouldBeProblemAsync(422);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest", null, "169.254.169.254 has a private or local address")]
    [InlineData("http://127.0.0.1:8000/v1", null, "127.0.0.1 has a private or local address")]
    [InlineData("http://2130706433/v1", null, "127.0.0.1 has a private or local address")]
    [InlineData("http://[::1]/v1", null, "[::1] has a private or local address")]
    [InlineData("http://[::ffff:10.0.0.1]/v1", null, "[::ffff:10.0.0.1] has a private or local address")]
    [InlineData("http://[fd00:ec2::254]/v1", null, "[fd00:ec2::254] has a private or local address")]
    [InlineData("http://inside.example/v1", "10.1.2.3", "inside.example has a private or local address")]
    [InlineData("http://both.example/v1", "93.184.216.34 192.168.0.1", "both.example has a private or local address")]
    [InlineData("http://none.example/v1", "", "none.example cannot be resolved")]
    [InlineData("https://api.example/v1", "93.184.216.34 2606:2800:220:1::1", null)]
    [InlineData("http://judge.internal:8000/v1", "10.0.0.9", null)]
    public async Task Endpoints_are_public_or_allowed_by_name(string endpoint, string? addresses, string? problem)
    {
        RunSpec spec = Read($"model: {{ path: inside }}\ndata: {{ path: rows, benign: benign }}\nevaluate: {{ cases: inside/cases, judge: llm, llm: {{ endpoint: '{endpoint}', model: m }} }}");
        SpecGuard guard = new(
            new SpecLimits { Folders = [Root], Endpoints = ["judge.internal"] },
            (_, _) => addresses is "" ? throw new SocketException((int)SocketError.HostNotFound) : Task.FromResult<IPAddress[]>([.. addresses!.Split(' ').Select(IPAddress.Parse)]));
        IReadOnlyList<SpecProblem> problems = await guard.CheckAsync(spec, default);
        if (problem is null)
        {
            problems.ShouldBeEmpty();
            return;
        }

        problems.Single().Path.ShouldBe("evaluate.llm.endpoint");
        problems.Single().Message.ShouldStartWith(problem);
        problems.Single().Message.ShouldContain("--allow-endpoint");
    }

    [Fact]
    public async Task Only_named_variables_are_given_away_as_keys()
    {
        RunSpec spec = Read("model: { path: inside }\ndata: { path: rows, benign: benign }\nevaluate: { cases: inside/cases, judge: llm, llm: { endpoint: 'http://93.184.216.34/v1', model: m, api_key_variable: PGPASSWORD } }");
        SpecProblem problem = (await new SpecGuard(new SpecLimits { Folders = [Root] }).CheckAsync(spec, default)).Single();
        problem.Path.ShouldBe("evaluate.llm.api_key_variable");
        problem.Message.ShouldContain("PGPASSWORD is not a variable that this server gives away (OPENAI_API_KEY)");
        (await new SpecGuard(new SpecLimits { Folders = [Root], KeyVariables = ["PGPASSWORD", "OPENAI_API_KEY"] }).CheckAsync(spec, default)).ShouldBeEmpty();
    }
}
