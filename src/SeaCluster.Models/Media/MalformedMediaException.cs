namespace SeaCluster.Models.Media;

/// <summary>Why bytes are not a medium that can be read; the reader adds the file's name.</summary>
internal sealed class MalformedMediaException(string reason) : Exception(reason);
