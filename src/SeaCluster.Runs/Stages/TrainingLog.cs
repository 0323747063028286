using System.Text.Json;
using SeaCluster.Method.Alignment;

namespace SeaCluster.Runs.Stages;

/// <summary><c>align.jsonl</c>: one line a step with loss, gradient norm, learning rate and the objective's own figures.</summary>
internal static class TrainingLog
{
    /// <summary>Keeps the first <paramref name="kept"/> lines of an earlier start, and appends one for every step; gives the last loss.</summary>
    public static double Write(string path, int kept, IEnumerable<StepMetrics> steps)
    {
        string[] earlier = File.Exists(path) ? [.. File.ReadLines(path).Take(kept)] : [];
        File.WriteAllLines(path, earlier);
        double last = Read(path) is [.., var before] ? before.Loss : 0;
        using StreamWriter writer = new(path, append: true) { AutoFlush = true };
        foreach (StepMetrics step in steps)
        {
            writer.WriteLine(JsonSerializer.Serialize(step.ToDictionary()));
            last = step.Loss;
        }

        return last;
    }

    /// <summary>Step and loss of every line that is whole.</summary>
    public static IReadOnlyList<(int Step, double Loss)> Read(string path)
    {
        List<(int, double)> points = [];
        foreach (string line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            try
            {
                using JsonDocument json = JsonDocument.Parse(line);
                points.Add((points.Count + 1, json.RootElement.GetProperty("loss").GetDouble()));
            }
            catch (JsonException)
            {
                break;
            }
        }

        return points;
    }
}
