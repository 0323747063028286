using System.Text.Json;
using SeaCluster.Method.Preparation.Rows;
using SeaCluster.Models;

namespace SeaCluster.Method.Preparation.Eraser;

/// <summary>A question with its answer.</summary>
/// <param name="Id">Unique in its file.</param>
/// <param name="Prompt">The question.</param>
/// <param name="Response">The answer.</param>
public sealed record EraserRow(string Id, string Prompt, string Response);

/// <summary>Eraser's data: <c>harm.jsonl</c> to unlearn, <c>help.jsonl</c> and <c>align.jsonl</c> to keep, each line <c>{"id","prompt","response"}</c>.</summary>
/// <param name="path">The folder.</param>
public sealed class EraserFolder(string path)
{
    /// <summary>Harmful questions with harmful answers.</summary>
    public string Harm => At("harm.jsonl");

    /// <summary>Neutral questions about entities, with answers.</summary>
    public string Help => At("help.jsonl");

    /// <summary>Harmful questions with the model's own answers.</summary>
    public string Align => At("align.jsonl");

    /// <summary>The entities, each with its question and the row that it was first found in.</summary>
    public string Entities => At("entities.jsonl");

    /// <summary>What the folder was made with; only the same goes on with it.</summary>
    public string Settings => At("eraser.json");

    /// <summary>A path below the folder.</summary>
    public string At(params string[] parts) => Path.Combine([path, .. parts]);

    /// <summary>Reads one of the three files whole.</summary>
    /// <exception cref="SeaException">It is missing, empty, or a row of it has no answer.</exception>
    public static IReadOnlyList<EraserRow> Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new SeaException($"{file}: no such file.", "Make Eraser's data with 'sea eraser': it writes harm.jsonl, help.jsonl and align.jsonl.");
        }

        List<EraserRow> rows = [];
        foreach (RowRead read in RowReader.Read(file))
        {
            rows.Add(read switch
            {
                { Problem: { } problem } => throw new SeaException($"{problem.Source}: {problem.Reason}.", "Each line is {\"id\", \"prompt\", \"response\"}."),
                { Row: { Response: { } answer } row } => new EraserRow(row.Id, row.Prompt, answer),
                _ => throw new SeaException($"{read.Row!.Source}: the row '{read.Row.Id}' has no response.", "Each line is {\"id\", \"prompt\", \"response\"}."),
            });
        }

        return rows.Count > 0 ? rows : throw new SeaException($"{file}: holds no rows.", "Eraser needs harmful, helpful and refusal rows.");
    }

    internal static void Write<T>(string file, IEnumerable<T> rows) => AtomicFile.Write(file, stream =>
    {
        foreach (T row in rows)
        {
            stream.Write(JsonSerializer.SerializeToUtf8Bytes(row, Lines));
            stream.WriteByte((byte)'\n');
        }
    });

    internal static JsonSerializerOptions Lines { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
