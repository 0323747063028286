namespace SeaCluster.Runs.Specs;

/// <summary>What a spec's reader must know of an option beyond its type and default.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SpecOptionAttribute : Attribute
{
    /// <summary>The smallest value allowed (seconds for a duration).</summary>
    public double Minimum { get; init; } = double.NegativeInfinity;

    /// <summary>The largest value allowed (seconds for a duration).</summary>
    public double Maximum { get; init; } = double.PositiveInfinity;

    /// <summary>Whether <see cref="Minimum"/> itself is too small.</summary>
    public bool Exclusive { get; init; }

    /// <summary>Whether the file must give it.</summary>
    public bool Required { get; init; }

    /// <summary>Whether null is written <c>auto</c>.</summary>
    public bool Auto { get; init; }

    /// <summary>Whether it names a file or folder, relative to the spec file.</summary>
    public bool Path { get; init; }

    /// <summary>What it names.</summary>
    public PathKind Names { get; init; }

    /// <summary>Whether it changes where and how fast work happens but no result: such options are outside the spec's hash.</summary>
    public bool Operational { get; init; }
}

/// <summary>What a path names.</summary>
public enum PathKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A file or a folder.</summary>
    Either,
}
