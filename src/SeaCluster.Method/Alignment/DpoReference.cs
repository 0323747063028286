using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SeaCluster.Models;
using SeaCluster.Models.Adapters;
using SeaCluster.Models.Configuration;
using SeaCluster.Models.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace SeaCluster.Method.Alignment;

/// <summary>
/// Log-probabilities of preference rows' answers under DPO's reference π₀, the model without its adapter. E_o is constant, so each row is computed once; a file
/// keeps them from one start to the next.
/// </summary>
public sealed class DpoReference
{
    private const string Format = "seacluster.dpo-reference.1";

    // Rows are computed in groups that follow from the rows alone, so that a reference that was interrupted ends with the same bytes as an undisturbed one.
    private const int Group = 64;

    private DpoReference(IReadOnlyList<(double Chosen, double Rejected)> rows, int computed) => (Rows, Computed) = (rows, computed);

    /// <summary>Summed over the tokens of each answer, row by row.</summary>
    public IReadOnlyList<(double Chosen, double Rejected)> Rows { get; }

    /// <summary>How many rows this start computed; the others were in the file.</summary>
    public int Computed { get; }

    /// <summary>Computes what is not in the file yet.</summary>
    /// <param name="model">Nothing of it may have been trained yet where <paramref name="adapter"/> is null.</param>
    /// <param name="adapter">Off meanwhile; null without one.</param>
    /// <param name="rows">Pairs.</param>
    /// <param name="media">Encoder outputs that rows name; null where none does.</param>
    /// <param name="pass">What one forward pass may hold.</param>
    /// <param name="file">
    /// JSON lines: a header with the fingerprint of rows, model and encoder outputs, then one line a row. A file of another fingerprint is begun anew. Null keeps nothing.
    /// </param>
    /// <param name="progress">Told rows done and rows in all, or null.</param>
    /// <param name="cancel">Stops between two groups; what is done stays.</param>
    /// <exception cref="SeaException">A row's log-probability is not finite, or the file cannot be written.</exception>
    public static DpoReference Of(
        IMultimodalModel model, LoraAdapter? adapter, IReadOnlyList<PreferenceRow> rows, MediaBank? media, PassLimit pass,
        string? file = null, Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        List<(double Chosen, double Rejected)> values = [];
        string fingerprint = file is null ? "" : Fingerprint(model, rows, media);
        using FileStream? kept = file is null ? null : Open(file, fingerprint, rows, values);
        int read = values.Count;
        using IDisposable? off = adapter?.Disabled();
        using IDisposable frozen = no_grad();
        while (values.Count < rows.Count)
        {
            cancel.ThrowIfCancellationRequested();
            progress?.Invoke(values.Count, rows.Count);
            int start = values.Count;
            PreferenceRow[] group = [.. rows.Skip(start).Take(Group)];
            values.AddRange(Compute(model, group, media, pass));
            kept?.Write(Encoding.UTF8.GetBytes(string.Concat(group.Select((row, i) => Line(fingerprint, row.Id, values[start + i])))));
            kept?.Flush(flushToDisk: true);
        }

        return new DpoReference(values, values.Count - read);
    }

    private static IEnumerable<(double Chosen, double Rejected)> Compute(IMultimodalModel model, PreferenceRow[] rows, MediaBank? media, PassLimit pass)
    {
        double[] sums = new double[rows.Length * 2];
        foreach (RowBatch batch in RowBatch.Split(model, media, DpoObjective.Items(rows), pass))
        {
            using RowBatch one = batch;
            using DisposeScope scope = NewDisposeScope();
            DpoObjective.Sum(one, one.AnswerNll(), sums);
        }

        for (int row = 0; row < rows.Length; row++)
        {
            (double chosen, double rejected) = (sums[2 * row], sums[(2 * row) + 1]);
            yield return double.IsFinite(chosen) && double.IsFinite(rejected)
                ? (chosen, rejected)
                : throw new SeaException($"Row '{rows[row].Id}': the reference gives its answers the log-probabilities {chosen:G4} and {rejected:G4}.", "The model itself computes no finite numbers: check its weights, or take float32.");
        }
    }

    // Reads whole groups of whole lines, cuts off what is behind them, and leaves the file open at its end.
    private static FileStream Open(string path, string fingerprint, IReadOnlyList<PreferenceRow> rows, List<(double Chosen, double Rejected)> values)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            string header = JsonSerializer.Serialize(new { format = Format, fingerprint, rows = rows.Count }) + "\n";
            long whole = Read(stream, header, fingerprint, rows, values);
            if (stream.Length != whole)
            {
                stream.SetLength(whole);
            }

            stream.Position = whole;
            if (whole == 0)
            {
                stream.Write(Encoding.UTF8.GetBytes(header));
            }

            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static long Read(FileStream stream, string header, string fingerprint, IReadOnlyList<PreferenceRow> rows, List<(double Chosen, double Rejected)> values)
    {
        using StreamReader reader = new(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        // A header is short: whatever else the file is, no more of it is looked at.
        char[] first = new char[header.Length];
        if (reader.ReadBlock(first) < first.Length || !header.AsSpan().SequenceEqual(first))
        {
            return 0;
        }

        long whole = Encoding.UTF8.GetByteCount(header), end = whole;
        List<(double, double)> found = [];
        while (found.Count < rows.Count && reader.ReadLine() is { } line && Parse(line, fingerprint, rows[found.Count].Id) is { } value)
        {
            found.Add(value);
            end += Encoding.UTF8.GetByteCount(line) + 1;
            if (end <= stream.Length && (found.Count % Group == 0 || found.Count == rows.Count))
            {
                whole = end;
                values.AddRange(found.Skip(values.Count));
            }
        }

        return whole;
    }

    // A line counts as it was written: its check is over all of it, so that neither a torn nor an altered one does.
    private static (double Chosen, double Rejected)? Parse(string line, string fingerprint, string id)
    {
        try
        {
            using JsonDocument json = JsonText.Parse(Encoding.UTF8.GetBytes(line));
            (double, double) value = (json.RootElement.GetProperty("chosen").GetDouble(), json.RootElement.GetProperty("rejected").GetDouble());
            return Line(fingerprint, id, value) == line + "\n" ? value : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static string Line(string fingerprint, string id, (double Chosen, double Rejected) value)
    {
        string plain = JsonSerializer.Serialize(new { id, chosen = value.Chosen, rejected = value.Rejected });
        string check = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(fingerprint + plain)))[..16];
        return $"{plain[..^1]},\"check\":\"{check}\"}}\n";
    }

    private static string Fingerprint(IMultimodalModel model, IReadOnlyList<PreferenceRow> rows, MediaBank? media)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(ModelFingerprint.Of(model));
        foreach (PreferenceRow row in rows)
        {
            Add($"{row.Id}\n{row.Medium}");
            Prompt(row.Chosen);
            Prompt(row.Rejected);
        }

        foreach (string medium in rows.Select(row => row.Medium).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            Add($"{medium} {media?.Digest(medium)}");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Prompt(EncodedPrompt prompt) => Add($"{string.Join(',', prompt.MediaSpans)}\n{string.Join(',', prompt.Ids)}\n{string.Join(',', prompt.Labels)}\n{prompt.Layout.Grid}");

        void Add(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
    }
}
