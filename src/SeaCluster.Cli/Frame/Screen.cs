using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using SeaCluster.Runs.Telemetry;
using SeaCluster.Telemetry.Logs;
using Spectre.Console;

namespace SeaCluster.Cli.Frame;

/// <summary>Where results go (stdout: tables for people, JSON for programs) and where remarks go (stderr).</summary>
internal static class Screen
{
    private const int PlainWidth = 80;

    // A column whose cells are no longer than this is not broken into lines.
    private const int LongestUnbroken = 16;

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>Results for people: colours on a terminal unless NO_COLOR is set, 80 columns where there is no terminal.</summary>
    public static IAnsiConsole Results { get; } = Create(Console.Out, Console.IsOutputRedirected);

    /// <summary>Whether a person watches stderr.</summary>
    public static bool Watched => Lines == LogFormat.Text && !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>How remarks are written: for people, or one JSON object a line.</summary>
    public static LogFormat Lines { get; set; }

    /// <summary>Where a host within the command logs to: lines as the command's own; null while those are for people, and the host says how it writes then.</summary>
    public static ILoggerProvider? Logs => Lines == LogFormat.Json ? new JsonLoggerProvider(Console.Error, TimeProvider.System) : null;

    /// <summary>The command that speaks, in JSON lines.</summary>
    public static string Category { get; set; } = "sea";

    /// <summary>A remark on stderr.</summary>
    public static void Say(string remark, string level = "info") =>
        Console.Error.WriteLine(Lines == LogFormat.Json ? LogLine.Json(TimeProvider.System.GetUtcNow(), level, Category, remark) : $"sea: {remark}");

    /// <summary>A line of results.</summary>
    public static void Line(string text = "") => Console.Out.WriteLine(text);

    /// <summary>The result for programs: one JSON document on one line.</summary>
    public static void Json(object value) => Console.Out.WriteLine(Document(value));

    /// <summary>The same document as text, for a file.</summary>
    public static string Document(object value) => JsonSerializer.Serialize(value, JsonOptions);

    /// <summary>A table; cells are plain text, numbers are aligned right.</summary>
    public static void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> lines, params IReadOnlyCollection<int> numbers)
    {
        IReadOnlyList<string>[] rows = [.. lines];
        Table table = new() { Border = TableBorder.Simple, ShowRowSeparators = false };
        for (int i = 0; i < columns.Count; i++)
        {
            TableColumn column = new(new Text(columns[i])) { Alignment = numbers.Contains(i) ? Justify.Right : Justify.Left };
            bool isShort = rows.All(row => i >= row.Count || row[i].Length <= LongestUnbroken);
            table.AddColumn(numbers.Contains(i) || isShort ? column.NoWrap() : column);
        }

        foreach (IReadOnlyList<string> row in rows)
        {
            table.AddRow(row.Select(cell => new Text(Visible(cell))));
        }

        Results.Write(table);
    }

    /// <summary>Text from a model or a file, fit for a terminal: what would move the cursor or change colours is shown as a mark.</summary>
    public static string Visible(string text) =>
        text.Any(letter => char.IsControl(letter) && letter != '\n') ? string.Concat(text.Select(letter => char.IsControl(letter) && letter != '\n' ? '\uFFFD' : letter)) : text;

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        bool colours = !redirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (redirected)
        {
            console.Profile.Width = PlainWidth;
        }

        return console;
    }
}

/// <summary>How remarks on stderr are written.</summary>
internal enum LogFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One JSON object a line, with the ids of the trace.</summary>
    Json,
}
