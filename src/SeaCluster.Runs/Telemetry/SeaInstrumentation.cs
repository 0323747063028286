using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace SeaCluster.Runs.Telemetry;

/// <summary>The one meter and the one activity source of the program. Nobody listening costs a branch; <c>docs/telemetry.md</c> lists every instrument.</summary>
public static class SeaInstrumentation
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "SeaCluster";

    /// <summary>The program's version.</summary>
    public static string Version { get; } = typeof(SeaInstrumentation).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Numbers.</summary>
    public static Meter Meter { get; } = new(Name, Version);

    /// <summary>Traces.</summary>
    public static ActivitySource Source { get; } = new(Name, Version);

    /// <summary>Makes every instrument, so that a listener sees those too that have not been used yet.</summary>
    public static void Initialize()
    {
        foreach (Type type in new[] { typeof(ProcessInstruments), typeof(SampleInstruments), typeof(LedgerInstruments), typeof(LaneInstruments), typeof(DeviceInstruments), typeof(TrainingInstruments), typeof(LanguageInstruments), typeof(RunInstruments) })
        {
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        }
    }
}

/// <summary>Names of attributes. Values are few: stages, states, devices, runs under way. Never a sample's id, text or secret.</summary>
public static class SeaTags
{
    /// <summary>Stage of a run: prepare, synthesize, align, evaluate, report.</summary>
    public const string Stage = "seacluster.stage";

    /// <summary>State of a sample, run or slot.</summary>
    public const string State = "seacluster.state";

    /// <summary>Id of a run that is under way or ended lately.</summary>
    public const string Run = "seacluster.run";

    /// <summary>cpu, cuda:0, ...</summary>
    public const string Device = "seacluster.device";

    /// <summary>What was asked of the ledger.</summary>
    public const string Operation = "seacluster.operation";

    /// <summary>How it went: ok, away, error.</summary>
    public const string Outcome = "seacluster.outcome";

    /// <summary>Whether the model names a synthetic embedding's content: yes, no, not_asked.</summary>
    public const string Perceived = "seacluster.perceived";

    /// <summary>What a language model was asked for: prepare, judge.</summary>
    public const string Purpose = "seacluster.purpose";

    /// <summary>input, output.</summary>
    public const string Direction = "seacluster.direction";

    /// <summary>aligned, base.</summary>
    public const string Model = "seacluster.model";

    /// <summary>The program's version.</summary>
    public const string Version = "seacluster.version";

    /// <summary>Name of a health check.</summary>
    public const string Check = "seacluster.check";
}
