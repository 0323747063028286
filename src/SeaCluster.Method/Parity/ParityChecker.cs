using System.Runtime.ExceptionServices;
using SeaCluster.Models;
using SeaCluster.Torch;

namespace SeaCluster.Method.Parity;

/// <summary>
/// Checks this implementation against a fixture folder: what the field's reference implementation computed for a checkpoint. The format is
/// described in <c>tests/fixtures/parity/README.md</c>; every figure that a folder has is checked, whatever the sizes of its model.
/// </summary>
public static class ParityChecker
{
    /// <summary>Checks one family's folder, or a folder of them.</summary>
    /// <param name="folder">Holds <c>model/</c> and <c>cases-KIND.json</c>, or folders that do.</param>
    /// <param name="found">Told every row as soon as it is known.</param>
    /// <param name="cancellation">Stops between two stages.</param>
    /// <exception cref="SeaException">There is no such folder, or nothing to check in it.</exception>
    public static ParityReport Run(string folder, Action<ParityRow>? found = null, CancellationToken cancellation = default)
    {
        // The reference computed on one thread; models this small are also fastest there.
        ParityReport? report = null;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                TorchRuntime.PinCurrentThread(1);
                report = Check(folder, found, cancellation);
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return report!;
    }

    private static ParityReport Check(string folder, Action<ParityRow>? found, CancellationToken cancellation)
    {
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(root))
        {
            throw new SeaException($"{folder}: no such folder.");
        }

        ParityCollector rows = new(found);
        string[] families = IsFamily(root) ? [root] : [.. Directory.GetDirectories(root).Where(IsFamily).Order(StringComparer.Ordinal)];
        foreach (string family in families)
        {
            Family(rows, family, cancellation);
        }

        string published = Path.Combine(root, PublishedConfigs.Folder, PublishedConfigs.Expected);
        if (File.Exists(published))
        {
            PublishedConfigs.Check(rows, published);
        }

        return rows.Rows.Count > 0
            ? new ParityReport(rows.Rows)
            : throw new SeaException($"{folder}: nothing to check.", "Point to a folder with model/ and cases-KIND.json, or to a folder of such folders.");
    }

    private static bool IsFamily(string folder) =>
        Directory.EnumerateFiles(folder, "cases-*.json").Any() || File.Exists(Path.Combine(folder, TokenizerFigures.File));

    private static void Family(ParityCollector rows, string folder, CancellationToken cancellation)
    {
        TokenizerFigures.Check(rows, folder);
        foreach (string file in Directory.EnumerateFiles(folder, "cases-*.json").Order(StringComparer.Ordinal))
        {
            rows.Share($"{Path.GetFileName(folder)} {Path.GetFileName(file)}", ["all figures"], () =>
            {
                using Fixture fixture = new(folder, file);
                foreach (Action<ParityCollector, Fixture> stage in Stages)
                {
                    cancellation.ThrowIfCancellationRequested();
                    stage(rows, fixture);
                }
            });
        }
    }

    private static readonly Action<ParityCollector, Fixture>[] Stages =
    [
        PreprocessingFigures.Check, MalformedMedia.Check, ForwardFigures.Check, GreedyFigures.Check, SynthesisFigures.Check, SftFigures.Check, DpoFigures.Check,
        EraserFigures.Check, HubLayout.Check,
    ];
}
