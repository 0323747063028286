using System.Xml.Linq;

namespace SeaCluster.Cli.Testing;

/// <summary>How one test ended.</summary>
/// <param name="Name">Its full name, with arguments where it has them.</param>
/// <param name="Outcome">Passed, failed or skipped.</param>
/// <param name="Message">Why it failed or was skipped.</param>
/// <param name="Place">Where it failed: the first stack line with a file of ours.</param>
internal sealed record TestResult(string Name, TestOutcome Outcome, string Message, string? Place);

internal enum TestOutcome
{
    Passed,
    Failed,
    Skipped,
}

/// <summary>Reads the results that <c>dotnet test --logger trx</c> wrote.</summary>
internal static class TrxFile
{
    private static readonly XNamespace Schema = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    public static IReadOnlyList<TestResult> Read(string path) =>
        [.. XDocument.Load(path).Descendants(Schema + "UnitTestResult").Select(Result)];

    private static TestResult Result(XElement element)
    {
        XElement? output = element.Element(Schema + "Output");
        XElement? error = output?.Element(Schema + "ErrorInfo");
        TestOutcome outcome = (string?)element.Attribute("outcome") switch
        {
            "Passed" => TestOutcome.Passed,
            "NotExecuted" => TestOutcome.Skipped,
            _ => TestOutcome.Failed,
        };
        string message = (string?)error?.Element(Schema + "Message") ?? (outcome == TestOutcome.Skipped ? (string?)output?.Element(Schema + "StdOut") : null) ?? "";
        string? place = ((string?)error?.Element(Schema + "StackTrace"))?.Split('\n').FirstOrDefault(line => line.Contains(".cs:line", StringComparison.Ordinal))?.Trim();
        return new TestResult((string)element.Attribute("testName")!, outcome, message.Trim(), place);
    }
}
