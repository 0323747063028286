namespace SeaCluster.Orleans.Hosting;

/// <summary>Names that stand in stored data or in several places; changing one loses what is stored under it.</summary>
internal static class ProviderNames
{
    /// <summary>The grain storage.</summary>
    public const string Storage = "sea";

    /// <summary>The state of a sample grain.</summary>
    public const string SampleState = "sample";

    /// <summary>The state of a dataset grain.</summary>
    public const string DatasetState = "dataset";

    /// <summary>The state of a trainer grain.</summary>
    public const string TrainerState = "trainer";

    /// <summary>The reminder of a dataset or trainer grain that has something under way.</summary>
    public const string Reminder = "go-on";

    /// <summary>The role in a silo's metadata.</summary>
    public const string RoleKey = "sea.role";

    /// <summary>In a silo's metadata, how many samples may be with it at once.</summary>
    public const string WindowKey = "sea.window";
}
