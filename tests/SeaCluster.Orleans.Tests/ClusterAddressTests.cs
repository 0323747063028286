using SeaCluster.Models;

namespace SeaCluster.Orleans.Tests;

public sealed class ClusterAddressTests
{
    [Fact]
    public void A_database_without_a_schema_gets_one_beside_the_ledgers()
    {
        ClusterAddress.Parse("postgres://sea@db/sea").Shown.ShouldBe("postgres://sea@db:5432/sea?schema=sea_orleans");
        ClusterAddress.Parse("postgres://sea@db/sea?sslmode=require").Shown.ShouldContain("schema=sea_orleans");
        ClusterAddress.Parse("postgres://sea:secret@db/sea?schema=other").Shown.ShouldBe("postgres://sea@db:5432/sea?schema=other");
    }

    [Theory]
    [InlineData("localhost", 11111)]
    [InlineData("localhost:12000", 12000)]
    public void A_cluster_of_this_machine_is_found_by_its_first_silos_port(string text, int port) => ClusterAddress.Parse(text).Port.ShouldBe(port);

    [Theory]
    [InlineData("localhost:x")]
    [InlineData("localhost:70000")]
    [InlineData("redis")]
    [InlineData("")]
    public void Anything_else_is_refused_with_what_is_expected(string text)
    {
        SeaException error = Should.Throw<SeaException>(() => ClusterAddress.Parse(text));
        (error.Message, error.WrongUse).ShouldBe(("--cluster: expected azure, postgres://USER@HOST/DATABASE or localhost", true));
    }
}
