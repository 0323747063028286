namespace SeaCluster.Method.Synthesis;

/// <summary>Recognises libtorch's two ways of saying that memory is used up.</summary>
internal static class OutOfMemory
{
    public static bool Is(Exception error) =>
        error is OutOfMemoryException
        || error.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
        || error.Message.Contains("can't allocate memory", StringComparison.OrdinalIgnoreCase);
}
