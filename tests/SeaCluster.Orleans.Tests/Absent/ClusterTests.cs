using SeaCluster.Models;

namespace SeaCluster.Orleans.Tests.Absent;

public sealed class ClusterTests
{
    [Fact]
    public async Task Without_the_packages_a_silo_says_what_is_missing_and_how_to_get_it()
    {
        Cluster.IsThere.ShouldBeFalse();
        SiloSettings settings = new() { Root = ".", Role = SiloRole.Gpu, Cluster = ClusterAddress.Parse("localhost") };

        SeaException error = await Should.ThrowAsync<SeaException>(() => Cluster.RunSiloAsync(settings, _ => { }, logs: null, CancellationToken.None));

        error.Message.ShouldBe("this build has no Orleans: its packages were not there when it was made");
        error.Hint!.ShouldContain("sea setup --source FOLDER");
        error.WrongUse.ShouldBeTrue();
    }
}

/// <summary>This assembly is a program where the silos are there.</summary>
public static class Program
{
    public static int Main() => 2;
}
