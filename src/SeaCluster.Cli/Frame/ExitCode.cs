namespace SeaCluster.Cli.Frame;

/// <summary>What the process tells its caller; documented in every command's help.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUse = 2;
    public const int PartlyDone = 3;
    public const int Interrupted = 130;
}
