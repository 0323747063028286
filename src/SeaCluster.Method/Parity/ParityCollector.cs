using SeaCluster.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Parity;

/// <summary>Gathers rows. A figure that cannot be computed becomes a row that says why, and the rest goes on.</summary>
internal sealed class ParityCollector(Action<ParityRow>? found)
{
    private readonly List<ParityRow> rows = [];

    public IReadOnlyList<ParityRow> Rows => rows;

    /// <summary>Computes a distance and compares it with its tolerance; every tensor that this makes is freed.</summary>
    public void Check(string group, string figure, double tolerance, Func<double> distance, string? note = null)
    {
        using DisposeScope scope = NewDisposeScope();
        try
        {
            double value = distance();
            Add(new ParityRow(group, figure, value, tolerance, value <= tolerance ? ParityOutcome.Inside : ParityOutcome.Outside, note));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Add(new ParityRow(group, figure, double.NaN, tolerance, ParityOutcome.NotChecked, $"not checked: {Reason(error)}"));
        }
    }

    /// <summary>A figure that the fixture does not have.</summary>
    public void Absent(string group, string figure) =>
        Add(new ParityRow(group, figure, double.NaN, 0, ParityOutcome.Absent, "not checked: the fixture does not have it"));

    /// <summary>Runs what several figures share; where it fails, each of them is a row with the reason.</summary>
    public void Share(string group, IReadOnlyList<string> figures, Action work)
    {
        using DisposeScope scope = NewDisposeScope();
        int before = rows.Count;
        try
        {
            work();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            HashSet<string> done = [.. rows.Skip(before).Select(row => row.Figure)];
            foreach (string figure in figures.Where(figure => !done.Contains(figure)))
            {
                Add(new ParityRow(group, figure, double.NaN, 0, ParityOutcome.NotChecked, $"not checked: {Reason(error)}"));
            }
        }
    }

    private static string Reason(Exception error) => error is SeaException ? error.Message : $"{error.GetType().Name}: {error.Message}";

    private void Add(ParityRow row)
    {
        rows.Add(row);
        found?.Invoke(row);
    }
}
