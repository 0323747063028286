using SeaCluster.EndToEnd.Tests;

namespace SeaCluster.EndToEnd.Tests.Launcher;

/// <summary>The launcher's promises, on machines that differ in one fact.</summary>
public sealed class SetupTests : IDisposable
{
    private readonly StubbedCheckout _checkout = new();

    public SetupTests() => _checkout.Fact("absent-packages");

    public void Dispose() => _checkout.Dispose();

    [Fact]
    public async Task The_second_set_up_probes_installs_and_builds_nothing()
    {
        SeaResult first = await _checkout.Sea("setup");
        first.ExitCode.ShouldBe(0, first.All);
        _checkout.Calls().Count(call => call.StartsWith("dotnet build", StringComparison.Ordinal)).ShouldBe(1);

        SeaResult second = await _checkout.Sea("setup");

        second.ExitCode.ShouldBe(0, second.All);
        string[] calls = _checkout.Calls();
        calls.ShouldNotContain(call => call.StartsWith("dotnet build", StringComparison.Ordinal) || call.StartsWith("dotnet restore", StringComparison.Ordinal) || call.StartsWith("apt-get", StringComparison.Ordinal));
        second.Output.ShouldContain("TorchSharp         on");
        second.Output.Split('\n').ShouldAllBe(line => line.Length <= 80);
    }

    [Fact]
    public async Task A_command_sets_up_first_and_only_its_own_output_is_on_stdout()
    {
        SeaResult result = await _checkout.Sea("status", "--json");

        result.ExitCode.ShouldBe(0, result.All);
        result.Output.ShouldBe("command: status --json\n");
        result.Error.ShouldContain("sea: ready in");

        await _checkout.Sea("status");
        _checkout.Calls();
        SeaResult again = await _checkout.Sea("status");
        again.Error.ShouldBeEmpty();
        _checkout.Calls().Count(call => call.StartsWith("dotnet", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_changed_source_builds_the_command_and_a_changed_test_only_the_tests()
    {
        await _checkout.Sea("setup");
        _checkout.Calls();

        _checkout.Write("src/SeaCluster.Cli/Program.cs", "return 1;");
        SeaResult result = await _checkout.Sea("status");
        result.Error.ShouldContain("sources changed, building");
        _checkout.Calls().ShouldContain(call => call.StartsWith("dotnet build", StringComparison.Ordinal) && call.Contains("SeaCluster.Cli.csproj"));

        await _checkout.Sea("test");
        _checkout.Calls().ShouldContain(call => call.StartsWith("dotnet build", StringComparison.Ordinal) && call.Contains("SeaCluster.sln"));

        _checkout.Write("tests/Some.Tests/SomeTests.cs", "// another test");
        await _checkout.Sea("status");
        _checkout.Calls().ShouldNotContain(call => call.StartsWith("dotnet build", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_touched_file_with_the_same_text_builds_nothing()
    {
        await _checkout.Sea("setup");
        _checkout.Calls();
        File.SetLastWriteTimeUtc(Path.Combine(_checkout.Root, "src/SeaCluster.Cli/Program.cs"), DateTime.UnixEpoch.AddYears(90));

        await _checkout.Sea("status");

        _checkout.Calls().ShouldNotContain(call => call.StartsWith("dotnet build", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_group_that_no_feed_has_is_switched_off_by_name()
    {
        _checkout.Fact("absent-packages", "Microsoft.Orleans.Persistence.AzureStorage");

        SeaResult result = await _checkout.Sea("setup");

        result.ExitCode.ShouldBe(0, result.All);
        Flat(result.Output).ShouldContain("Orleans on Azure off no configured feed has Microsoft.Orleans.Persistence.AzureStorage");
        Flat(result.Output).ShouldContain("to get it: ./sea setup --source FOLDER");
        string switches = _checkout.Read("Directory.Build.local.props");
        switches.ShouldContain("<SeaOrleansAzure>false</SeaOrleansAzure>");
        switches.ShouldContain("<SeaOrleans>true</SeaOrleans>");
        switches.ShouldContain("<SeaAzure>true</SeaAzure>");
    }

    [Fact]
    public async Task A_native_library_that_cannot_load_switches_TorchSharp_off_before_libtorch_is_fetched()
    {
        _checkout.Fact("ldd", "/lib/libLibTorchSharp.so: /lib/libstdc++.so.6: version `GLIBCXX_3.4.99' not found (required by libLibTorchSharp.so)", "\tlibtorch.so => not found");

        SeaResult result = await _checkout.Sea("setup");

        result.ExitCode.ShouldBe(0, result.All);
        Flat(result.Output).ShouldContain("its native library needs libstdc++.so.6 with GLIBCXX_3.4.99");
        _checkout.Read("Directory.Build.local.props").ShouldContain("<SeaTorchSharp>false</SeaTorchSharp>");
        File.ReadAllText(Path.Combine(_checkout.Root, "artifacts/setup/probe/SeaTorchSharp/probe.csproj")).ShouldNotContain("TorchSharp-cpu");
    }

    [Fact]
    public async Task A_GPU_asks_for_the_CUDA_package()
    {
        _checkout.Fact("gpu", "yes");

        SeaResult result = await _checkout.Sea("setup");

        Flat(result.Output).ShouldContain("TorchSharp on TorchSharp-cuda-linux");
        _checkout.Read("Directory.Build.local.props").ShouldContain("<SeaTorchCuda>true</SeaTorchCuda>");
    }

    [Fact]
    public async Task Root_installs_exactly_what_is_missing()
    {
        _checkout.Fact("installed", File.ReadAllLines(Path.Combine(_checkout.Machine, "installed")).Except(["ffmpeg", "fonts-lato"]));

        SeaResult result = await _checkout.Sea("setup");

        result.ExitCode.ShouldBe(0, result.All);
        _checkout.Calls().Single(call => call.StartsWith("apt-get install", StringComparison.Ordinal)).ShouldEndWith(" ffmpeg fonts-lato");
    }

    [Fact]
    public async Task Another_user_is_told_the_pieces_and_the_line_to_run()
    {
        _checkout.Fact("user", "1000");
        _checkout.Fact("installed", File.ReadAllLines(Path.Combine(_checkout.Machine, "installed")).Except(["ffmpeg"]));

        SeaResult result = await _checkout.Sea("status");

        result.ExitCode.ShouldBe(2, result.All);
        result.Output.ShouldBeEmpty();
        result.Error.ShouldContain("reading images, audio and video");
        result.Error.ShouldContain("apt-get install -y --no-install-recommends ffmpeg\n");
        _checkout.Calls().ShouldNotContain(call => call.StartsWith("apt-get", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_package_that_cannot_be_installed_is_named_and_can_be_skipped()
    {
        _checkout.Fact("unavailable", "fonts-lato");
        _checkout.Fact("installed", File.ReadAllLines(Path.Combine(_checkout.Machine, "installed")).Except(["fonts-lato"]));

        SeaResult refused = await _checkout.Sea("setup");
        refused.ExitCode.ShouldBe(2, refused.All);
        refused.Error.ShouldContain("E: Unable to locate package fonts-lato");

        SeaResult skipped = await _checkout.Sea("setup", "--skip", "fonts-lato");
        skipped.ExitCode.ShouldBe(0, skipped.All);
        Flat(skipped.Output).ShouldContain("fonts-lato off skipped by --skip");
    }

    [Fact]
    public async Task A_build_that_fails_is_shown_and_tried_again()
    {
        _checkout.Fact("build-error", "a.cs(1,1): error CS0001: this is wrong");

        SeaResult failed = await _checkout.Sea("setup");
        failed.ExitCode.ShouldBe(1, failed.All);
        failed.Error.ShouldContain("error CS0001: this is wrong");

        File.Delete(Path.Combine(_checkout.Machine, "build-error"));
        SeaResult repaired = await _checkout.Sea("status");
        repaired.ExitCode.ShouldBe(0, repaired.All);
    }

    [Fact]
    public async Task A_folder_of_packages_is_remembered()
    {
        Directory.CreateDirectory(Path.Combine(_checkout.Machine, "feed"));

        await _checkout.Sea("setup", "--source", Path.Combine(_checkout.Machine, "feed"));
        await _checkout.Sea("setup");

        _checkout.Read("Directory.Build.local.props").ShouldContain($"<RestoreAdditionalProjectSources>{_checkout.Machine}/feed</RestoreAdditionalProjectSources>");
    }

    [Fact]
    public async Task What_a_folder_of_packages_holds_is_asked_of_no_feed()
    {
        string feed = Directory.CreateDirectory(Path.Combine(_checkout.Machine, "feed")).FullName;
        File.WriteAllText(Path.Combine(feed, "Some.Package.2.Part.1.2.3-beta.1.nupkg"), "");

        await _checkout.Sea("setup", "--source", feed);

        string config = Flat(_checkout.Read("artifacts/setup/probe/SeaOrleans/nuget.config"));
        config.ShouldContain($"<add key=\"{feed}\" value=\"{feed}\" />");
        config.ShouldContain("<packageSource key=\"some feed\"><package pattern=\"*\" /></packageSource>");
        config.ShouldContain($"<packageSource key=\"{feed}\"><package pattern=\"Some.Package.2.Part\" /></packageSource>");
        config.ShouldNotContain("other");
    }

    [Fact]
    public async Task A_package_that_joins_a_remembered_folder_is_looked_at()
    {
        string feed = Directory.CreateDirectory(Path.Combine(_checkout.Machine, "feed")).FullName;
        await _checkout.Sea("setup", "--source", feed);
        _checkout.Calls();

        File.WriteAllText(Path.Combine(feed, "Some.Package.1.2.3.nupkg"), "");
        await _checkout.Sea("setup");

        _checkout.Calls().ShouldContain(call => call.StartsWith("dotnet restore", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--frobnicate", "setup does not know --frobnicate")]
    [InlineData("--source", "--source needs a folder")]
    [InlineData("--skip bash", "--skip bash: set-up does not install it")]
    public async Task Wrong_options_are_named(string arguments, string expected)
    {
        SeaResult result = await _checkout.Sea(["setup", .. arguments.Split(' ')]);

        result.ExitCode.ShouldBe(2, result.All);
        result.Error.ShouldContain(expected);
    }

    [Fact]
    public async Task Without_the_SDK_the_message_says_which_one_is_needed()
    {
        _checkout.Fact("sdks", "8.0.100 [/sdk]");

        SeaResult result = await _checkout.Sea("setup");

        result.ExitCode.ShouldBe(2, result.All);
        result.Error.ShouldContain(".NET SDK 10 is missing; dotnet here has: 8.0.100");
    }

    // The table wraps its texts; this makes them one line again.
    private static string Flat(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
