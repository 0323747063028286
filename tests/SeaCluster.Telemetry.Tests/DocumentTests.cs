using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Text;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Prometheus;
using SeaCluster.Tests;

namespace SeaCluster.Telemetry.Tests;

/// <summary>docs/telemetry.md lists what the code has. SEA_WRITE_GENERATED=1 writes the list.</summary>
[Collection(WholeProcess.Collection)]
public sealed class DocumentTests
{
    private const string Begin = "<!-- instruments -->\n", End = "<!-- end of instruments -->\n";

    [Fact]
    public void The_list_of_instruments_is_that_of_the_code()
    {
        string path = Repository.PathOf("docs", "telemetry.md"), text = File.ReadAllText(path);
        StringBuilder table = new("| metric | Prometheus | kind | unit | what |\n| --- | --- | --- | --- | --- |\n");
        foreach (Instrument instrument in Instruments().OrderBy(each => each.Name, StringComparer.Ordinal))
        {
            instrument.Description.ShouldNotBeNullOrEmpty(instrument.Name);
            instrument.Unit.ShouldNotBeNullOrEmpty(instrument.Name);
            table.Append(CultureInfo.InvariantCulture, $"| `{instrument.Name}` | `{PrometheusText.NameOf(instrument)}` | {PrometheusText.TypeOf(instrument)} | {instrument.Unit} | {instrument.Description} |\n");
        }

        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        string whole = text[..begin] + table + text[text.IndexOf(End, StringComparison.Ordinal)..];
        if (Environment.GetEnvironmentVariable("SEA_WRITE_GENERATED") == "1")
        {
            File.WriteAllText(path, whole);
        }
        else
        {
            text.ShouldBe(whole, "SEA_WRITE_GENERATED=1 writes it");
        }
    }

    [Fact]
    public void Every_attribute_is_explained()
    {
        string text = File.ReadAllText(Repository.PathOf("docs", "telemetry.md"));
        foreach (FieldInfo tag in typeof(SeaTags).GetFields())
        {
            text.ShouldContain($"| `{tag.GetRawConstantValue()}` |");
        }
    }

    // Other tests of this process make instruments of the same meter.
    private static List<Instrument> Instruments()
    {
        List<Instrument> found = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == SeaInstrumentation.Name && !instrument.Name.StartsWith("seacluster.test.", StringComparison.Ordinal))
            {
                found.Add(instrument);
            }
        };
        SeaInstrumentation.Initialize();
        listener.Start();
        return found;
    }
}
