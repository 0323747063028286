using System.Text;
using System.Text.Json;
using SeaCluster.Method.Evaluation;
using SeaCluster.Models.Configuration;

namespace SeaCluster.Method.Preparation.Eraser;

/// <summary>Answers to a list of questions, kept group by group as they come; whoever asks again with the same list goes on behind the last whole group.</summary>
internal static class AnswerFile
{
    /// <summary>Questions that are answered at once.</summary>
    public const int Group = 32;

    /// <param name="path">JSON lines <c>{"id","prompt","answer"}</c>.</param>
    /// <param name="questions">In order.</param>
    /// <param name="answerer">Who answers.</param>
    /// <param name="progress">Told how many are answered.</param>
    /// <param name="cancel">Stops between two groups.</param>
    public static async Task<IReadOnlyList<EraserRow>> FillAsync(
        string path, IReadOnlyList<(string Id, string Prompt)> questions, IAnswerer answerer, Action<int> progress, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        List<EraserRow> answers = [];
        long whole = Read(stream, questions, answers);
        stream.SetLength(whole);
        stream.Position = whole;
        while (answers.Count < questions.Count)
        {
            cancel.ThrowIfCancellationRequested();
            progress(answers.Count);
            (string Id, string Prompt)[] group = [.. questions.Skip(answers.Count).Take(Group)];
            IReadOnlyList<string> said = await answerer.AnswerAsync([.. group.Select(asked => new EvaluationCase(asked.Id, asked.Prompt, CaseKind.Benign))], cancel);
            EraserRow[] rows = [.. group.Zip(said, (asked, answer) => new EraserRow(asked.Id, asked.Prompt, answer.Trim()))];
            stream.Write(Encoding.UTF8.GetBytes(string.Concat(rows.Select(Line))));
            stream.Flush(flushToDisk: true);
            answers.AddRange(rows);
        }

        progress(answers.Count);
        return answers;
    }

    private static long Read(FileStream stream, IReadOnlyList<(string Id, string Prompt)> questions, List<EraserRow> answers)
    {
        using StreamReader reader = new(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        (long whole, long end) = (0, 0);
        List<EraserRow> found = [];
        while (found.Count < questions.Count && reader.ReadLine() is { } line && Parse(line, questions[found.Count]) is { } row)
        {
            found.Add(row);
            end += Encoding.UTF8.GetByteCount(line) + 1;
            if (end <= stream.Length && (found.Count % Group == 0 || found.Count == questions.Count))
            {
                whole = end;
                answers.AddRange(found.Skip(answers.Count));
            }
        }

        return whole;
    }

    private static EraserRow? Parse(string line, (string Id, string Prompt) asked)
    {
        try
        {
            using JsonDocument json = JsonText.Parse(Encoding.UTF8.GetBytes(line));
            EraserRow row = new(asked.Id, asked.Prompt, json.RootElement.GetProperty("answer").GetString()!);
            return Line(row) == line + "\n" ? row : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static string Line(EraserRow row) => JsonSerializer.Serialize(new { id = row.Id, prompt = row.Prompt, answer = row.Response }) + "\n";
}
