namespace SeaCluster.Orleans.Tests;

/// <summary>This assembly as a program: a silo that the failure tests start and kill.</summary>
public static class Program
{
    public static int Main() => 2;
}
